import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { ensurePackage } from "../../cli/embedded/packaging.ts";
import { unzip } from "../../local/lambda/zip.ts";
import type { Figure } from "../../scripts/documents/performance-page.ts";
import { runChild } from "../child.ts";
import { type Bench, type BenchOptions, type Measurement, median, rounded } from "../measurement.ts";
import type { LoadedModule } from "./load-module.ts";

const handlers = ["admit", "base", "bake", "launch", "validate", "probe", "cutover", "reap", "settle"] as const;

/** Aims of the project: a cold start is mostly the loading of the bundle. */
const aims = { gzippedKilobytes: 150, loadMs: 40 } as const;

const loads = { short: 7, large: 25 } as const;

interface Weighed {
  name: string;
  gzippedBytes: number;
  bytes: number;
  loadMs: number;
  cpuMs: number;
}

/** Size and load time of what is deployed: each handler's bundle, as it was packaged. */
export const bundles: Bench = { name: "bundles", title: "Bundles of the handlers", run };

async function run({ large, progress }: BenchOptions): Promise<Measurement> {
  const { directory: packaged, made } = await ensurePackage("dev");
  progress(made ? "packaged" : "the package is up to date");
  const times = large ? loads.large : loads.short;
  const directory = await mkdtemp(join(tmpdir(), "kiln-bench-"));
  try {
    const weighed: Weighed[] = [];
    for (const name of handlers) {
      weighed.push(await weigh(name, packaged, directory, times));
      progress(`${name} done`);
    }
    return measurement(weighed, times);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function weigh(name: string, packaged: string, directory: string, times: number): Promise<Weighed> {
  const [entry, ...others] = unzip(await readFile(join(packaged, `${name}.zip`)));
  if (!entry || others.length > 0) throw new Error(`the package of ${name} is not one bundle`);
  const file = join(directory, entry.path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, entry.bytes);
  const loaded: LoadedModule[] = [];
  const program = new URL("./load-module.ts", import.meta.url);
  for (let time = 0; time < times; time++) loaded.push(await runChild<LoadedModule>(program, file));
  return {
    name,
    bytes: entry.bytes.length,
    gzippedBytes: gzipSync(entry.bytes, { level: 9 }).length,
    loadMs: median(loaded.map(({ milliseconds }) => milliseconds)),
    cpuMs: median(loaded.map(({ cpuMilliseconds }) => cpuMilliseconds)),
  };
}

function measurement(weighed: readonly Weighed[], times: number): Measurement {
  const largest = Math.max(...weighed.map(({ gzippedBytes }) => gzippedBytes));
  const slowest = Math.max(...weighed.map(({ loadMs }) => loadMs));
  const figures: Figure[] = [
    { name: "Largest bundle, gzipped", value: rounded(largest / 1000, 1), unit: "kB", atMost: aims.gzippedKilobytes },
    { name: "Slowest to load", value: rounded(slowest, 1), unit: "ms", atMost: aims.loadMs },
  ];
  const rows = weighed.map(({ name, gzippedBytes, bytes, loadMs, cpuMs }) => [
    name,
    rounded(gzippedBytes / 1000, 1).toFixed(1),
    rounded(bytes / 1000, 1).toFixed(1),
    loadMs.toFixed(1),
    cpuMs.toFixed(1),
  ]);
  const header = ["Handler", "Gzipped, kB", "Plain, kB", "Load, ms", "Load, ms of CPU"];
  return {
    settings: { loads: times },
    figures,
    tables: [{ title: "Each handler", header, rows }],
    notes: [
      "Load is the time of one `import` in a fresh Node process, the median of several; the start of Node itself is not in it.",
      "A busy machine stretches the time; the CPU column, which counts all threads of the process, moves less.",
    ],
  };
}
