import { tellingLines } from "../domain/console.ts";
import type { Release } from "../domain/release.ts";
import type { CheckReport } from "../domain/verdict.ts";
import { ObservationFailedError, ValidationFailedError } from "../errors.ts";
import { recordEvent } from "../history.ts";
import type { Look } from "./look.ts";
import type { Turn, ValidationWorld } from "./world.ts";

/** Writes down why a candidate did not pass, with what its first servers printed; returns the error that says so. */
export async function candidateFailed(
  turn: Turn,
  release: Release,
  found: { reason: string; instanceIds: string[]; reports: readonly CheckReport[] },
  world: ValidationWorld,
): Promise<ValidationFailedError> {
  const { reason, reports } = found;
  const said = await consoles(found.instanceIds, world);
  await recordEvent(turn, world, "validation-failed", { verdict: "fail", reason, reports, ...said });
  return new ValidationFailedError(
    `Release ${release.generation} did not pass: ${reason}.`,
    `Its console said: ${JSON.stringify(tellingLines(Object.values(said.console)[0] ?? ""))}`,
  );
}

/** The same of a release that serves. */
export async function servingFailed(
  turn: Turn,
  release: Release,
  found: { reason: string; look: Look; reports: readonly CheckReport[] },
  world: ValidationWorld,
): Promise<ObservationFailedError> {
  const { reason, reports, look } = found;
  const said = await consoles(look.instanceIds, world);
  await recordEvent(turn, world, "observation-failed", { reason, health: look.health, reports, ...said });
  return new ObservationFailedError(
    `Release ${release.generation} does not hold: ${reason}.`,
    "Traffic goes back to the previous release; see its history for console output.",
  );
}

/** What the first instances printed; two are enough to see why. */
async function consoles(
  instanceIds: string[],
  { instances }: ValidationWorld,
): Promise<{ console: Record<string, string> }> {
  const said: Record<string, string> = {};
  for (const id of instanceIds.slice(0, 2)) said[id] = (await instances.console(id)) ?? "(no output)";
  return { console: said };
}
