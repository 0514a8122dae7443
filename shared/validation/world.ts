import type * as z from "zod/mini";
import type { Alarms } from "../aws/alarms.ts";
import type { CheckFunctions } from "../aws/check-functions.ts";
import type { Commands } from "../aws/commands.ts";
import type { Fleets } from "../aws/fleets.ts";
import type { GroupMetrics } from "../aws/group-metrics.ts";
import type { Instances } from "../aws/instances.ts";
import type { Ledger } from "../aws/ledger.ts";
import type { OnceRecords } from "../aws/once-records.ts";
import type { ProbeFunction } from "../aws/probe-function.ts";
import type { TargetGroups } from "../aws/target-groups.ts";
import type { BaseWorld } from "../step.ts";
import type { stepInput } from "../step-input.ts";

/** What validation works with. It only reads, and runs the commands that the spec names. */
export interface ValidationWorld extends BaseWorld {
  ledger: Ledger;
  targetGroups: TargetGroups;
  fleets: Fleets;
  instances: Instances;
  probes: ProbeFunction;
  functions: CheckFunctions;
  alarms: Alarms;
  commands: Commands;
  once: OnceRecords;
  groupMetrics: GroupMetrics;
}

/** One turn of validation. */
export type Turn = z.infer<typeof stepInput>;
