import { bundles } from "./bundles/bundles.ts";
import type { Bench } from "./measurement.ts";

/** Everything that can be measured, in the order of the page. */
export const benches: readonly Bench[] = [bundles];
