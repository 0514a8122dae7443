import type { Deed } from "../../scripts/simulate/deeds.ts";
import type { Happening } from "../../scripts/simulate/mix-plan.ts";
import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import { type Situation, situations } from "../../scripts/simulate/scenarios.ts";
import { type PreparedStage, prepareStage, stageName } from "../../scripts/simulate/simulated-stage.ts";

/** What mixes begin with. Takes a few seconds. */
export async function prepared(): Promise<Record<Situation, PreparedStage>> {
  return situations(await prepareStage(await packageInMemory(stageName)));
}

export const at = (atSeconds: number, deed: Deed): Happening => ({ atSeconds, ...deed });

export const push = (version: string): Deed => ({ do: "push", service: "web", version });

export const rollback: Deed = { do: "begin", machine: "Rollback", input: { service: "web" } };
