import type { Figure, ResultTable } from "../../scripts/documents/performance-page.ts";
import { runChild } from "../child.ts";
import { type Bench, type BenchOptions, type Measurement, median, rounded } from "../measurement.ts";
import { type BakeCloud, openBakeCloud } from "./bake-cloud.ts";
import { measureMemorySizes } from "./function-memory.ts";
import type { UploadDone, UploadTask } from "./upload-task.ts";

const uploaders = ["kiln", "plain"] as const;
type Uploader = (typeof uploaders)[number];

const programs: Record<Uploader, URL> = {
  kiln: new URL("./kiln-uploader.ts", import.meta.url),
  plain: new URL("./plain-uploader.ts", import.meta.url),
};

/** Unit: MiB. */
const artifactMebibytes = { short: [512], large: [512, 2048] } as const;
/** What is sealed with slow calls: about the layer with Node, or a usual program. Unit: MiB. */
const sealedMebibytes = 50;
/** Unit: milliseconds. AWS's own assumption for PutSnapshotBlock ("EBS direct APIs performance", EBS user guide). */
const slowCallMs = 100;
const repetitions = 3;

type Runs = Record<Uploader, UploadDone[]>;

interface Sized {
  mebibytes: number;
  runs: Runs;
}

/** How fast, how costly and in how much memory the bytes of an artifact become a snapshot. */
export const bake: Bench = { name: "bake", title: "Baking an artifact's bytes", run };

async function run({ large, progress }: BenchOptions): Promise<Measurement> {
  const sizes = large ? artifactMebibytes.large : artifactMebibytes.short;
  const cloud = await openBakeCloud();
  try {
    const whole: Sized[] = [];
    for (const mebibytes of sizes) whole.push({ mebibytes, runs: await uploads(cloud, mebibytes, 0, progress) });
    const sealed = await uploads(cloud, sealedMebibytes, slowCallMs, progress);
    const memory = await measureMemorySizes(cloud, progress);
    return measurement(whole, sealed, memory);
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

function medianOf(runs: Runs, uploader: Uploader, value: (done: UploadDone) => number): number {
  return median(runs[uploader].map(value));
}

const rate = ({ mebibytes, runs }: Sized, uploader: Uploader) =>
  medianOf(runs, uploader, ({ seconds }) => mebibytes / seconds);
const processor = ({ mebibytes, runs }: Sized, uploader: Uploader) =>
  medianOf(runs, uploader, ({ cpuSeconds }) => cpuSeconds / (mebibytes / 1024));
const peak = ({ runs }: Sized, uploader: Uploader) => medianOf(runs, uploader, ({ peakMebibytes }) => peakMebibytes);

function measurement(whole: readonly Sized[], sealed: Runs, memory: ResultTable): Measurement {
  const seal = (uploader: Uploader) => medianOf(sealed, uploader, ({ seconds }) => seconds);
  const ofEach = whole.flatMap((one): Figure[] => [
    { name: `${one.mebibytes} MiB: throughput`, value: rounded(rate(one, "kiln"), 1), unit: "MiB/s" },
    { name: `${one.mebibytes} MiB: processor time for each GiB`, value: rounded(processor(one, "kiln"), 2), unit: "s" },
    { name: `${one.mebibytes} MiB: peak memory`, value: rounded(peak(one, "kiln"), 0), unit: "MiB" },
  ]);
  const sealing = `${sealedMebibytes} MiB sealed, ${slowCallMs} ms a call`;
  const rows = whole.flatMap((one) => [
    compared(`${one.mebibytes} MiB: throughput, MiB/s`, (uploader) => rate(one, uploader), 1),
    compared(`${one.mebibytes} MiB: processor, s for each GiB`, (uploader) => processor(one, uploader), 2),
    compared(`${one.mebibytes} MiB: peak memory, MiB`, (uploader) => peak(one, uploader), 0),
  ]);
  return {
    settings: { artifactMebibytes: whole.map(({ mebibytes }) => mebibytes).join(" and "), repetitions },
    figures: [...ofEach, { name: sealing, value: rounded(seal("kiln"), 2), unit: "s" }],
    tables: [
      {
        title: "Beside a plain uploader on the same endpoint in the same run, in turns, medians",
        header: ["", "Kiln", "Plain SDK client", "Ratio"],
        rows: [...rows, compared(`${sealing}, s`, seal, 2)],
      },
      memory,
    ],
    notes: [
      "Each upload is a process of its own; the time is from StartSnapshot to the answer of CompleteSnapshot, the memory that of the whole process with Node and, for Kiln, three SDK clients.",
      "The cloud runs on the same machine and takes most of the processor, so throughput says more about it than about AWS; the ratio is what to look at.",
      "Kiln compares each block with the digest that admission wrote, records progress every 32 blocks so that a kill costs at most 80, and slows down when AWS asks for it (16 blocks under way at first, 24 at most); the plain uploader, with 16 under way, does none of this.",
      "One process writes Kiln's ranges in turn here; a state machine runs four at once, each in a Lambda of its own.",
      "Why admit and bake have 1,792 MB, though they use a fraction of it whatever the artifact's size: the CPU seconds divided by the function's share of a processor are the least that a GiB takes, and a Lambda's network, about 75 MB/s, takes 14 s for it. With a whole processor bake comes near that, and admission of the largest artifact, 4 GiB, ends well within its 300 s; with 512 MB it would not. Memory times that time, which is the price, is about the same.",
      "Admission was measured with the layer of Node, a real archive; held to its share by stopping the process. The MiB/s and GB-s by memory are those of this machine at the time: where it was busy, waiting for the cloud outweighs the share, and only the CPU seconds can be used.",
    ],
  };
}

function compared(name: string, value: (uploader: Uploader) => number, decimals: number): string[] {
  const [kiln, plain] = [value("kiln"), value("plain")];
  return [name, kiln.toFixed(decimals), plain.toFixed(decimals), (kiln / plain).toFixed(2)];
}
