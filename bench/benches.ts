import { bake } from "./bake/bake.ts";
import { bundles } from "./bundles/bundles.ts";
import { cutover } from "./cutover/cutover.ts";
import { deployCost } from "./deploy-cost/deploy-cost.ts";
import { judge } from "./judge/judge.ts";
import { latency } from "./latency/latency.ts";
import type { Bench } from "./measurement.ts";
import { reap } from "./reap/reap.ts";

/** Everything that can be measured, in the order of the page. */
export const benches: readonly Bench[] = [bundles, deployCost, latency, bake, cutover, judge, reap];
