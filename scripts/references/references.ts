import { scenes } from "../planted/scenes.ts";
import { scenarios } from "../simulate/scenarios.ts";
import type { Reference } from "./reference.ts";
import { adoptingStories } from "./stories/adopting.ts";
import { crashStories } from "./stories/crashes.ts";
import { deployStories } from "./stories/deploys.ts";
import { endingStories } from "./stories/ending.ts";
import { experimentStories } from "./stories/experiments.ts";
import { goldenStories } from "./stories/golden.ts";
import { refreshStories } from "./stories/refreshes.ts";
import { rollbackStories } from "./stories/rollbacks.ts";
import { settlingStories } from "./stories/settling.ts";
import { stepStories } from "./stories/steps.ts";
import { sweepStories } from "./stories/sweeps.ts";
import { trafficStories } from "./stories/traffic.ts";

/** Every run whose record is kept. */
export const references: readonly Reference[] = [
  ...scenarios,
  ...scenes,
  ...deployStories,
  ...stepStories,
  ...rollbackStories,
  ...experimentStories,
  ...refreshStories,
  ...adoptingStories,
  ...goldenStories,
  ...sweepStories,
  ...crashStories,
  ...trafficStories,
  ...settlingStories,
  ...endingStories,
];
