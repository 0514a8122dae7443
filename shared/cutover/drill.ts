import { restoredWeights, servingGroup } from "../domain/cutover.ts";
import { decideLoan, drilled, nextLookSeconds, resultOf } from "../domain/drill.ts";
import type { Head } from "../domain/head.ts";
import type { Release } from "../domain/release.ts";
import { stateOf } from "../domain/rule-record.ts";
import { CutoverRefusedError, DrillRefusedError, LeaseLostError } from "../errors.ts";
import { targetGroupOf } from "../fleet-names.ts";
import { recordEvent } from "../history.ts";
import { ready, type StepOutput } from "../step-input.ts";
import { type CutoverWorld, look, type TrafficTurn } from "./look.ts";

/** Unit: milliseconds. CloudWatch counts a load balancer's requests by whole minutes, and has them a minute later. */
const minuteMs = 60_000;

/**
 * Gives the standby a drill's small share of the requests.
 *
 * Before: the head says that this execution drills. After: the rule gives the standby its share and live the rest.
 * Repeatable: a share that is there stays.
 */
export async function lendShare(request: TrafficTurn, release: Release, world: CutoverWorld): Promise<StepOutput> {
  const seen = await look(request, release, world);
  const { drill } = seen.head;
  if (drill?.execution !== request.execution) throw overtaken(release.service);
  const decision = decideLoan({ ...seen, percent: drill.percent });
  if (decision.kind === "refuse" || decision.kind === "conflict") {
    throw new DrillRefusedError(
      `No share was given to ${release.generation}: ${decision.reason}.`,
      "A rollback would launch its image instead of going back at once; see its fleet: kiln status.",
    );
  }
  const { rule, to, needed } = seen;
  if (decision.kind === "switch" && rule) {
    const from = stateOf(rule);
    const record = { from, to: from && { ...from, weights: decision.weights } };
    await world.ledger.announceRuleChange(release.service, world.now(), record);
    await world.ledger.assertLease(request.release, request.execution);
    await world.traffic.change(rule, decision.weights);
  }
  const { percent, seconds } = drill;
  await recordEvent(request, world, "drill-began", {
    percent,
    seconds,
    live: seen.liveGeneration,
    by: drill.by ?? null,
  });
  const memo = { targetGroupArn: to, needed, lentAtMs: world.now() };
  return ready(memo, nextLookSeconds(seconds * 1000));
}

/** Gives live everything again; the wait is until the load balancer's counts of those minutes can be read. */
export async function returnShare(request: TrafficTurn, world: CutoverWorld): Promise<StepOutput> {
  const beganMs = world.now();
  await takeBack(request, request.release.generation, world);
  const returnedAtMs = world.now();
  const countedMs = (Math.floor(returnedAtMs / minuteMs) + 2) * minuteMs;
  const isHurried = request.memo["cutShort"] !== undefined;
  const waitSeconds = isHurried ? 0 : Math.ceil((countedMs - returnedAtMs) / 1000);
  return ready({ ...request.memo, returnedAtMs, returnMs: returnedAtMs - beganMs }, waitSeconds);
}

/**
 * Ends a drill whose execution died, for whoever holds the lease now: live gets everything, and the head says that it is
 * over. Repeatable: a drill that is over stays so.
 */
export async function endDrill(request: TrafficTurn, world: CutoverWorld): Promise<StepOutput> {
  const { service } = request.release;
  const { drill, live } = await world.ledger.head(service);
  if (!drill) return ready();
  const release = { ...request.release, generation: drill.generation };
  await takeBack({ ...request, release }, drill.generation, world);
  const why = "its execution ended before the drill did";
  const result = resultOf(drill, live?.generation ?? "", { verdict: "inconclusive", why }, { nowMs: world.now() });
  await recordEvent({ ...request, release }, world, "drilled", { ...result });
  await world.ledger.updateHead(service, (head) => drilled(head, drill.execution, result));
  return ready();
}

/** Moves a drill's share to live; nothing is changed when the standby has none, or has everything by a rollback since. */
async function takeBack(request: TrafficTurn, generation: string, world: CutoverWorld): Promise<void> {
  const { service } = request.release;
  const head = await world.ledger.head(service);
  const release = await world.ledger.release(service, generation);
  if (!release || !head.live || head.live.generation === generation) return;
  const [{ own }, live, standby] = await Promise.all([
    world.traffic.standing(release.network.listenerArn, service),
    groupOf(head.live.generation, world),
    groupOf(generation, world),
  ]);
  const [rule] = own;
  const share = rule?.weights.find(({ targetGroupArn }) => targetGroupArn === standby);
  if (!rule || !share || share.weight === 0 || servingGroup(rule.weights) === standby) return;
  if (live === undefined) throw unreturnable(head.live.generation, generation);

  const weights = restoredWeights(rule.weights, live, standby);
  const from = stateOf(rule);
  await world.ledger.announceRuleChange(service, world.now(), { from, to: from && { ...from, weights } }, true);
  await world.ledger.assertLease(request.release, request.execution);
  await world.traffic.change(rule, weights);
  await recordEvent(request, world, "restored", { from: rule.weights, live: head.live.generation, drill: true });
}

function groupOf(
  generation: NonNullable<Head["live"]>["generation"],
  world: CutoverWorld,
): Promise<string | undefined> {
  return world.targetGroups.find(targetGroupOf(world.config.stage, generation));
}

function overtaken(service: string): LeaseLostError {
  return new LeaseLostError(
    `The drill of ${service} was ended by somebody else, or never began.`,
    `See what goes on: kiln status ${service}.`,
  );
}

function unreturnable(live: string, standby: string): CutoverRefusedError {
  return new CutoverRefusedError(
    `The share of ${standby} was not given back: the target group of ${live}, which is live, is gone.`,
    "Go back to the standby: kiln rollback.",
  );
}
