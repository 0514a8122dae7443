import type { Figure, ResultTable } from "../../scripts/documents/performance-page.ts";
import { runChild } from "../child.ts";
import { type Bench, type BenchOptions, type Measurement, median, rounded } from "../measurement.ts";
import { type BakeCloud, openBakeCloud } from "./bake-cloud.ts";
import type { UploadDone, UploadTask } from "./upload-task.ts";

const uploaders = ["kiln", "plain"] as const;
type Uploader = (typeof uploaders)[number];

const programs: Record<Uploader, URL> = {
  kiln: new URL("./kiln-uploader.ts", import.meta.url),
  plain: new URL("./plain-uploader.ts", import.meta.url),
};

/** Unit: MiB. */
const artifactMebibytes = { short: 512, large: 2048 } as const;
/** What is sealed with slow calls: about the layer with Node, or a usual program. Unit: MiB. */
const sealedMebibytes = 50;
/** Unit: milliseconds. AWS's own assumption for PutSnapshotBlock ("EBS direct APIs performance", EBS user guide). */
const slowCallMs = 100;
const repetitions = 3;

type Runs = Record<Uploader, UploadDone[]>;

/** How fast, how costly and in how much memory the bytes of an artifact become a snapshot. */
export const bake: Bench = { name: "bake", title: "Baking an artifact's bytes", run };

async function run({ large, progress }: BenchOptions): Promise<Measurement> {
  const mebibytes = large ? artifactMebibytes.large : artifactMebibytes.short;
  const cloud = await openBakeCloud();
  try {
    const whole = await uploads(cloud, mebibytes, 0, progress);
    const sealed = await uploads(cloud, sealedMebibytes, slowCallMs, progress);
    return measurement(mebibytes, whole, sealed);
  } finally {
    await cloud.close();
  }
}

/** The two in turns, so that whatever else the machine does falls on both. */
async function uploads(
  cloud: BakeCloud,
  mebibytes: number,
  callMs: number,
  progress: (line: string) => void,
): Promise<Runs> {
  const admitted = await cloud.admit(mebibytes);
  const runs: Runs = { kiln: [], plain: [] };
  for (let time = 0; time < repetitions; time++) {
    for (const uploader of uploaders) {
      const task: UploadTask = { ...admitted, callMs };
      const done = await runChild<UploadDone>(programs[uploader], task, cloud.environment);
      await cloud.deleteSnapshot(done.snapshotId);
      runs[uploader].push(done);
      progress(`${uploader}: ${mebibytes} MiB in ${done.seconds.toFixed(1)} s`);
    }
  }
  return runs;
}

function measurement(mebibytes: number, whole: Runs, sealed: Runs): Measurement {
  const of = (runs: Runs, uploader: Uploader, value: (done: UploadDone) => number) => median(runs[uploader].map(value));
  const rate = (uploader: Uploader) => of(whole, uploader, ({ seconds }) => mebibytes / seconds);
  const cpu = (uploader: Uploader) => of(whole, uploader, ({ cpuSeconds }) => cpuSeconds / (mebibytes / 1024));
  const peak = (uploader: Uploader) => of(whole, uploader, ({ peakMebibytes }) => peakMebibytes);
  const seal = (uploader: Uploader) => of(sealed, uploader, ({ seconds }) => seconds);
  const figures: Figure[] = [
    { name: "Throughput", value: rounded(rate("kiln"), 1), unit: "MiB/s" },
    { name: "Processor time for each GiB", value: rounded(cpu("kiln"), 2), unit: "s" },
    { name: "Peak memory", value: rounded(peak("kiln"), 0), unit: "MiB" },
    { name: `${sealedMebibytes} MiB sealed, ${slowCallMs} ms a call`, value: rounded(seal("kiln"), 2), unit: "s" },
  ];
  const row = (name: string, value: (uploader: Uploader) => number, decimals: number) => [
    name,
    value("kiln").toFixed(decimals),
    value("plain").toFixed(decimals),
    (value("kiln") / value("plain")).toFixed(2),
  ];
  const table: ResultTable = {
    title: "Beside a plain uploader on the same endpoint in the same run, medians",
    header: ["", "Kiln", "Plain SDK client", "Ratio"],
    rows: [
      row("Throughput, MiB/s", rate, 1),
      row("Processor, s for each GiB", cpu, 2),
      row("Peak memory, MiB", peak, 0),
      row(`${sealedMebibytes} MiB sealed with ${slowCallMs} ms a call, s`, seal, 2),
    ],
  };
  return {
    settings: { artifactMebibytes: mebibytes, repetitions },
    figures,
    tables: [table],
    notes: [
      "Each upload is a process of its own; the time is from StartSnapshot to the answer of CompleteSnapshot, the memory that of the whole process with Node and, for Kiln, three SDK clients.",
      "The cloud runs on the same machine and takes most of the processor, so throughput says more about it than about AWS; the ratio is what to look at.",
      "Kiln compares each block with the digest that admission wrote, and can go on from any block after a kill; the plain uploader, with as many blocks under way (16), does neither.",
      "Admission, which reads the artifact once before, and the second between two turns of 20 s are not in it.",
    ],
  };
}
