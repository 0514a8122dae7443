import type { Alarms } from "../aws/alarms.ts";
import type { Artifacts } from "../aws/artifacts.ts";
import type { Executions } from "../aws/executions.ts";
import type { Fleets } from "../aws/fleets.ts";
import type { Images } from "../aws/images.ts";
import type { Ledger } from "../aws/ledger.ts";
import type { Networks } from "../aws/networks.ts";
import type { Parameters } from "../aws/parameters.ts";
import type { Recipes } from "../aws/recipes.ts";
import type { TargetGroups } from "../aws/target-groups.ts";
import type { Traffic } from "../aws/traffic.ts";
import type { BaseWorld } from "../step.ts";
import type { ReleaseRef } from "../step-input.ts";

/** What admission works with. */
export interface AdmissionWorld extends BaseWorld {
  ledger: Ledger;
  artifacts: Artifacts;
  executions: Executions;
  images: Images;
  alarms: Alarms;
  parameters: Parameters;
  recipes: Pick<Recipes, "current">;
  networks: Networks;
  traffic: Traffic;
  fleets: Fleets;
  targetGroups: TargetGroups;
}

/** What admission answers. `release` and `path` are set once the status is `ready`. */
export interface Admission {
  status: "ready" | "pending" | "skipped" | "alarm";
  waitSeconds: number;
  reason: string;
  release: ReleaseRef | null;
  /** Which way the state machine goes on. `end-drill`: a rehearsal that died has to be ended first, then it asks again. */
  path: "base" | "bake" | "hot" | "cold" | "drill" | "end-drill" | "undo" | "finish" | "drop" | "none";
  /** Of an alarm: the rollbacks that it starts, each under a name that a repeated event makes again. */
  rollbacks?: { service: string; name: string }[];
}

export function skipped(reason: string): Admission {
  return { status: "skipped", waitSeconds: 0, reason, release: null, path: "none" };
}

export function waiting(waitSeconds: number, reason: string): Admission {
  return { status: "pending", waitSeconds, reason, release: null, path: "none" };
}
