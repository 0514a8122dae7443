import { bakingBugs } from "./bugs/baking.ts";
import { capacityBugs } from "./bugs/capacity.ts";
import { leakBugs } from "./bugs/leaks.ts";
import { leaseAndOrderBugs } from "./bugs/lease-and-order.ts";
import { trafficBugs } from "./bugs/traffic.ts";
import type { PlantedBug } from "./planted-bug.ts";

/** Every mistake that the simulation must notice. */
export const plantedBugs: readonly PlantedBug[] = [
  ...trafficBugs,
  ...leaseAndOrderBugs,
  ...leakBugs,
  ...capacityBugs,
  ...bakingBugs,
];
