import { parseArgs } from "node:util";
import { type FuzzTarget, fuzz, fuzzTargets } from "./fuzz/targets.ts";

/**
 * `npm run fuzz -- [--runs <n>] [--seed <n>]`: tries everything that strangers write with made-up and damaged inputs, and
 * prints how often each outcome came. It ends with 1, the smallest breaking input and its seed when a promise breaks.
 */
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
});
const runs = Number(values.runs);
const seed = Number(values.seed);

let peakBytes = 0;
const sampling = setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
}, 50);
for (const target of Object.keys(fuzzTargets) as FuzzTarget[]) {
  const startedMs = performance.now();
  const { counts, slowestMs } = await fuzz(target, { seed, runs });
  const told = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([outcome, count]) => `${outcome} ${count}`);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${target.padEnd(15)} ${told.join(", ")} (${seconds} s, slowest ${slowestMs.toFixed(0)} ms)`);
}
clearInterval(sampling);
console.log(`seed ${seed}, ${runs} inputs each, peak memory ${Math.ceil(peakBytes / 1024 / 1024)} MiB`);
