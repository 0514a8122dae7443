import { statSync } from "node:fs";
import { cacheDirectory } from "../../cli/kiln-directory.ts";
import { nodeLayer } from "../../cli/node-layer.ts";
import type { ResultTable } from "../../scripts/documents/performance-page.ts";
import { type Allowance, runChild } from "../child.ts";
import type { BakeCloud } from "./bake-cloud.ts";
import type { Taken, UploadDone, UploadTask } from "./upload-task.ts";

/** Memory sizes to choose from. Unit: MB, as Lambda counts. */
const sizes = [512, 1024, 1792] as const;

/** "At 1,769 MB, a function has the equivalent of one vCPU" (Lambda developer guide, "Configure Lambda function memory"). */
const oneProcessorMegabytes = 1769;

/** What one invocation of bake writes of a large volume. Unit: MiB. */
const rangeMebibytes = 256;

/** Lambda's own price for memory and time does not change the comparison: it is the product of the two. */
interface Row {
  work: string;
  mebibytes: number;
  size: number;
  taken: Taken;
}

/** What writing and reading take with the heap and the share of a processor that a function's memory buys. */
export async function measureMemorySizes(cloud: BakeCloud, progress: (line: string) => void): Promise<ResultTable> {
  const { file } = await nodeLayer(cacheDirectory());
  const archive = await cloud.push(file);
  const release = await cloud.admit(rangeMebibytes);
  const rows: Row[] = [];
  for (const size of sizes) {
    const allowance: Allowance = {
      // Lambda leaves the rest to buffers and to Node itself, as its own NODE_OPTIONS do.
      heapMebibytes: Math.floor(size * 0.75),
      cpuShare: Math.min(1, size / oneProcessorMegabytes),
    };
    const inspector = new URL("./archive-inspector.ts", import.meta.url);
    const inspected = await runChild<Taken>(inspector, archive, cloud.environment, allowance);
    rows.push({ work: "Admit", mebibytes: statSync(file).size / 1024 / 1024, size, taken: inspected });

    const uploader = new URL("./kiln-uploader.ts", import.meta.url);
    const task: UploadTask = { ...release, callMs: 0 };
    const { snapshotId, ...written } = await runChild<UploadDone>(uploader, task, cloud.environment, allowance);
    await cloud.deleteSnapshot(snapshotId);
    rows.push({ work: "Bake", mebibytes: rangeMebibytes, size, taken: written });
    progress(`with ${size} MB: read in ${inspected.seconds.toFixed(1)} s, written in ${written.seconds.toFixed(1)} s`);
  }
  return {
    title: "With what a function's memory buys (heap, and share of one processor)",
    header: ["Work", "Memory, MB", "Processor", "MiB/s", "CPU, s/GiB", "Peak, MiB", "GB-s/GiB"],
    rows: rows.toSorted((a, b) => (a.work < b.work ? -1 : a.work > b.work ? 1 : 0)).map(cells),
  };
}

function cells({ work, mebibytes, size, taken }: Row): string[] {
  const gibibytes = mebibytes / 1024;
  return [
    work,
    String(size),
    `${Math.round(Math.min(1, size / oneProcessorMegabytes) * 100)} %`,
    (mebibytes / taken.seconds).toFixed(1),
    (taken.cpuSeconds / gibibytes).toFixed(1),
    taken.peakMebibytes.toFixed(0),
    (((size / 1024) * taken.seconds) / gibibytes).toFixed(1),
  ];
}
