import { costText, deployCost } from "../domain/cost/cost.ts";
import { priceSource } from "../domain/cost/prices.ts";
import { fleetName } from "../domain/names.ts";
import type { Release } from "../domain/release.ts";
import { recordEvent } from "../history.ts";
import { pending, type StepOutput } from "../step-input.ts";
import type { Turn, ValidationWorld } from "./world.ts";

/** Unit: seconds. Of an approval without a deadline of its own: releases of before there was one. */
const defaultDeadlineSeconds = 3600;

/** How long a person has. Unit: seconds. */
export function deadlineSecondsOf({ spec }: Release): number {
  return spec.deploy.approval?.deadlineSeconds ?? defaultDeadlineSeconds;
}

/**
 * Writes down what `kiln approve` and `kiln reject` need to answer. Step Functions waits for the answer, not for this one.
 */
export async function askForApproval(
  turn: Turn & { taskToken: string },
  release: Release,
  world: ValidationWorld,
): Promise<StepOutput> {
  const { service, generation, version } = release;
  const deadlineSeconds = deadlineSecondsOf(release);
  const askedAt = new Date(world.now()).toISOString();
  const until = new Date(world.now() + deadlineSeconds * 1000).toISOString();
  const { execution, taskToken } = turn;
  const fleet = await world.fleets.read(fleetName(world.config.stage, generation));
  const cost = costText(deployCost(release, fleet?.desired ?? release.spec.capacity.min));
  await world.ledger.approvals.ask(service, { generation, version, execution, taskToken, askedAt, until, cost });
  await recordEvent(turn, world, "approval-asked", { until, cost, pricesOf: priceSource.asOf });
  return pending(deadlineSeconds);
}
