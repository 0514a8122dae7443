import * as z from "zod/mini";
import { allEnded } from "../shared/all-ended.ts";
import { Alerts, type Ending } from "../shared/aws/alerts.ts";
import * as clients from "../shared/aws/clients.ts";
import { Documents } from "../shared/aws/documents.ts";
import { type Fleet, Fleets } from "../shared/aws/fleets.ts";
import { Ledger } from "../shared/aws/ledger.ts";
import { Parameters, parameterNames } from "../shared/aws/parameters.ts";
import { type Standing, Traffic } from "../shared/aws/traffic.ts";
import { askedBackAt } from "../shared/domain/asked-back.ts";
import {
  type Head,
  isGenerationZero,
  leftovers,
  promoted,
  servedWith,
  settled,
  withdrawn,
} from "../shared/domain/head.ts";
import { keptOf } from "../shared/domain/keep.ts";
import { experimentOf, fleetName } from "../shared/domain/names.ts";
import { duePins, type Pin, withPin } from "../shared/domain/pins.ts";
import { withRefreshFailure } from "../shared/domain/refresh.ts";
import type { Release } from "../shared/domain/release.ts";
import { asFound, stateOf, unexplained } from "../shared/domain/rule-record.ts";
import { withMeasured } from "../shared/domain/way-back.ts";
import { settleDrill } from "../shared/drill-settling.ts";
import { targetGroupOf } from "../shared/fleet-names.ts";
import { recordEvent } from "../shared/history.ts";
import { unpin } from "../shared/pinning.ts";
import { failedRefresh, judgedRefresh, undoneRefresh } from "../shared/refresh-verdict.ts";
import { ruleConflict } from "../shared/rule-judgement.ts";
import { type BaseWorld, lambdaHandler, type Step } from "../shared/step.ts";
import { memo, releaseRef } from "../shared/step-input.ts";

const input = z.object({
  execution: z.string(),
  release: releaseRef,
  /**
   * `live`: it serves. `failed`: nothing of it is left. `dirty`: something is; head and lease stay as they are, so that
   * the sweep finds the interrupted work once this execution has ended. `done`: only the lease goes back. `drilled`: a
   * rollback was rehearsed, and nothing has changed.
   */
  outcome: z.enum(["live", "failed", "dirty", "done", "drilled"]),
  /** Of a drill: what its steps found. After leftovers were reaped: which of them serve and were left. */
  memo: z._default(memo, {}),
  /** Of a rollback: how it went back. */
  path: z.optional(z.string()),
  /** Of a rollback: when it was asked for. ISO time. */
  askedAt: z.optional(z.string()),
  failure: z.optional(z.nullable(z.object({ state: z.string(), error: z.string(), cause: z.string() }))),
});
type Input = z.infer<typeof input>;

/** What reaping remembers: leftovers that somebody's rule still leads to. */
const reaping = z.object({ spared: z._default(z.array(z.string()), []) });

interface World extends BaseWorld {
  ledger: Ledger;
  fleets: Fleets;
  traffic: Traffic;
  parameters: Parameters;
  alerts: Alerts;
}

/** `retire`: leftovers are to be reaped before the lease goes back; then settle is asked again. Those that serve stay to the sweep. */
export interface SettleOutput {
  status: "ready" | "retire";
}

/**
 * Ends a deploy or rollback: writes what is live now, gives fleets their lasting sizes, and gives the lease back.
 *
 * Before: the release serves, or everything of it was removed. After `ready`: the ledger says so and the lease is free.
 * Repeatable: the ledger's changes are compare-and-set, sizes are set to the same values again.
 */
export async function settle(request: Input, world: World): Promise<SettleOutput> {
  const { release, execution } = request;
  if (request.outcome === "drilled") {
    await settleDrill(request, world);
    await world.ledger.releaseLease(release, execution);
    return { status: "ready" };
  }
  if (request.outcome === "live") {
    if (await isOver(request, world)) return { status: "ready" };
    const head = await promote(request, world);
    const { spared } = reaping.parse(request.memo);
    if (leftovers(head, world.now()).some((generation) => !spared.includes(generation))) return { status: "retire" };
  } else if (request.outcome !== "done") {
    const isNew = await recordEvent(request, world, request.outcome, { failure: request.failure ?? null });
    if (isNew && !experimentOf(release.service) && !(await isRollback(request, world)))
      await world.alerts.ended(release.service, { kind: "deploy-failed" });
  }
  if (request.outcome === "dirty") {
    await world.alerts.dirtyEnd();
    return { status: "ready" };
  }
  const { service } = release;
  if (request.outcome !== "live") await tidy(request, world);
  const failure = request.outcome === "failed" ? await failedRefresh(request, world) : undefined;
  const after = await world.ledger.updateHead(service, (head) =>
    settled(failure ? withRefreshFailure(head, failure) : head, execution),
  );
  await world.ledger.announceRefreshPause(after, release.generation);
  await world.ledger.releaseLease(release, execution);
  return { status: "ready" };
}

/**
 * Whether an earlier attempt did everything and only its answer was lost: it serves, the head has nothing of this
 * execution pending, and the lease went back as the last step.
 */
async function isOver({ release, execution }: Input, { ledger }: World): Promise<boolean> {
  const { live, pending } = await ledger.head(release.service);
  const zero = isGenerationZero(release.service, release.generation);
  const serves = zero ? live === null : live?.generation === release.generation;
  if (!serves || pending?.execution === execution) return false;
  return (await ledger.lease(release.service))?.owner !== execution;
}

async function promote(request: Input, world: World): Promise<Head> {
  const { release: ref, execution } = request;
  await world.ledger.assertLease(ref, execution);
  if (isGenerationZero(ref.service, ref.generation)) return withdraw(request, world);
  const release = await world.ledger.frozen(ref);
  // It becomes live only if the listener still says what cutover told it.
  const standing = await world.traffic.standing(release.network.listenerArn, ref.service);
  const before = await world.ledger.head(ref.service);
  const { live, rule } = before;
  const difference = unexplained(ref.service, rule, standing.own, standing.others);
  if (difference !== undefined && live?.generation !== ref.generation) throw ruleConflict(difference);
  const now = new Date(world.now()).toISOString();
  const hotUntil = new Date(world.now() + release.spec.hotSeconds * 1000).toISOString();
  const undone = await undoneRefresh(request, before, world.ledger);
  const kept = await keptWith(release, before, world);
  const found = stateOf(standing.own[0]);
  const head = await world.ledger.updateHead(ref.service, (present) => {
    const seen = {
      ...present,
      ...(present.rule && { rule: asFound(present.rule, found, targetGroupOf(world.config.stage, ref.generation)) }),
    };
    return judgedRefresh(request, promoted(seen, ref.generation, now, hotUntil, kept), undone, now);
  });
  await world.ledger.announceRefreshPause(head, head.standby?.generation);
  await allEnded([
    lastingSizes(request, release, head, world),
    // Whoever holds the lease is alone, so also those that a deploy left which died once it was live.
    removeTrials(request, standing.trials, world),
    publish(release, world),
  ]);
  const isNew = await recordEvent(request, world, "live", { standby: head.standby?.generation ?? null });
  // How a service's deploys go is not told by what is tried beside them.
  if (isNew && !experimentOf(ref.service))
    await announce(request, endingOf(request, release, head, world.now()), world);
  return head;
}

/** Which releases keep their image once this one is live. Their ages are read only when the spec asks for them. */
async function keptWith({ service, generation, spec }: Release, head: Head, world: World): Promise<string[]> {
  const served = servedWith(head, generation);
  const byAge = (spec.keep?.days ?? 0) > 0;
  const aged = await Promise.all(
    served.map(async (one) => ({
      generation: one,
      createdAt: byAge ? ((await world.ledger.release(service, one))?.createdAt ?? "") : "",
    })),
  );
  return keptOf(aged, spec.keep, world.now());
}

async function isRollback(request: Input, { ledger }: World): Promise<boolean> {
  return askedBackAt(request, await ledger.head(request.release.service)) !== undefined;
}

function endingOf(request: Input, release: Release, head: Head, nowMs: number): Ending {
  const secondsSince = (time: string) => Math.max(0, (nowMs - Date.parse(time)) / 1000);
  const askedAt = askedBackAt(request, head);
  if (askedAt !== undefined) return { kind: "rolled-back", restoreSeconds: secondsSince(askedAt) };
  return { kind: "deployed", leadSeconds: secondsSince(release.intent.time) };
}

/** Counts an ending, and remembers how long a rollback took: the next one may be expected to take as long. */
async function announce({ release, path }: Input, ending: Ending, world: World): Promise<void> {
  if (ending.kind === "rolled-back" && (path === "hot" || path === "cold")) {
    await world.ledger.updateWayBack(release.service, (record) => withMeasured(record, path, ending.restoreSeconds));
  }
  await world.alerts.ended(release.service, ending);
}

/** Generation 0 answers: what was live stands by, if there was any, and its trial rule keeps its health checked. */
async function withdraw(request: Input, world: World): Promise<Head> {
  const { service, generation } = request.release;
  const { live } = await world.ledger.head(service);
  const release = live && (await world.ledger.release(service, live.generation));
  const hotUntil = new Date(world.now() + (release?.spec.hotSeconds ?? 0) * 1000).toISOString();
  const head = await world.ledger.updateHead(service, (present) => withdrawn(present, hotUntil));
  if (experimentOf(service)) {
    await recordEvent(request, world, "ended", { was: live?.generation ?? null });
    return head;
  }
  if (head.standby) {
    const [standby] = await world.fleets.readEach([fleetName(world.config.stage, head.standby.generation)]);
    await holdStandby(request, head, standby, world);
  }
  await unpinAll(request, head, world);
  await world.parameters.write(parameterNames.live(world.config.stage, service), JSON.stringify({ generation }));
  const isNew = await recordEvent(request, world, "live", { standby: head.standby?.generation ?? null });
  if (isNew && release) await announce(request, endingOf(request, release, head, world.now()), world);
  return head;
}

/** Live may scale again within its spec; standby is held at the size it had, because it must be able to take over at once. */
async function lastingSizes(request: Input, release: Release, head: Head, world: World): Promise<void> {
  const { stage } = world.config;
  const name = fleetName(stage, release.generation);
  const { capacity, healthCheck, maxInstanceAgeDays } = release.spec;
  const resting = head.standby ? [fleetName(stage, head.standby.generation)] : [];
  const [live, standby] = await world.fleets.readEach([name, ...resting]);
  if (live) {
    await world.fleets.settle(name, {
      min: capacity.min,
      max: Math.max(capacity.max, live.desired),
      graceSeconds: healthCheck.intervalSeconds * healthCheck.healthyThreshold + 60,
      // By then the load balancer calls it healthy, one interval to spare.
      warmUpSeconds: healthCheck.intervalSeconds * (healthCheck.healthyThreshold + 1),
      maxAgeSeconds: (maxInstanceAgeDays ?? 0) * 86_400,
    });
  }
  await holdStandby(request, head, standby, world);
  await unpinAll(request, head, world);
}

async function holdStandby(request: Input, head: Head, standby: Fleet | undefined, world: World): Promise<void> {
  if (!head.standby || !standby || standby.deleting || standby.desired === 0) return;
  const { generation, until } = head.standby;
  const held = { generation, min: standby.desired, lasting: standby.min, until, by: request.execution };
  await world.ledger.updatePins(head.service, (pins) => withPin(pins, { ...held, reason: "it stands by" }));
  if (standby.min < standby.desired) {
    await world.fleets.resize(standby.name, { min: standby.desired, max: standby.max });
  }
}

/**
 * What a deploy or rollback that is not live leaves with fleets that stay: held sizes, and the trial rule of a kept fleet
 * that was to take over again. While generation 0 answers, that rule is what keeps the standby's health checked.
 */
async function tidy(request: Input, world: World): Promise<void> {
  const { service, generation } = request.release;
  const head = await world.ledger.head(service);
  await unpinAll(request, head, world);
  const isCheckedByIt = head.live === null && head.standby?.generation === generation;
  const release = isCheckedByIt ? undefined : await world.ledger.release(service, generation);
  if (!release) return;
  const { trials } = await world.traffic.standing(release.network.listenerArn, service);
  await removeTrials(
    request,
    trials.filter((rule) => rule.generation === generation),
    world,
  );
}

/** Once nothing is under way, no fleet is held but the standby. */
async function unpinAll({ release, execution }: Input, { standby }: Head, world: World): Promise<void> {
  const due = (pins: readonly Pin[]) => duePins(pins, standby?.generation, world.now());
  await unpin(release.service, due, () => world.ledger.assertLease(release, execution), world);
}

async function removeTrials({ release, execution }: Input, trials: Standing["trials"], world: World): Promise<void> {
  for (const rule of trials) {
    await world.ledger.assertLease(release, execution);
    await world.traffic.delete(rule.arn);
  }
}

/** Other tools read what is live of a service; of an experiment there is only the ledger. */
async function publish(release: Release, world: World): Promise<void> {
  const { service, generation, version, imageDigest } = release;
  if (experimentOf(service)) return;
  const value = JSON.stringify({ generation, version, imageDigest });
  await world.parameters.write(parameterNames.live(world.config.stage, service), value);
}

export const step: Step<Input, World, SettleOutput> = {
  name: "settle",
  input,
  run: settle,
  world: (common, connect) => ({
    ...common,
    ledger: new Ledger(new Documents(clients.s3(connect), common.config.ledgerBucket), common.releases),
    fleets: new Fleets(clients.autoScaling(connect)),
    traffic: new Traffic(clients.loadBalancing(connect), common.config.stage),
    parameters: new Parameters(clients.ssm(connect)),
    alerts: new Alerts(clients.cloudWatch(connect), common.config.stage),
  }),
};

export const handler = lambdaHandler(step);
