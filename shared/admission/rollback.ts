import type * as z from "zod/mini";
import { capacityTarget } from "../domain/capacity.ts";
import { servingGroup } from "../domain/cutover.ts";
import {
  generationOf,
  type Head,
  isGenerationZero,
  isKept,
  keptGenerations,
  rollbackTarget,
  settled,
  withRollback,
} from "../domain/head.ts";
import { fleetName } from "../domain/names.ts";
import { inOneLine, problemsOf } from "../domain/problems.ts";
import type { Intent, Release } from "../domain/release.ts";
import { alarmInput, rollbackInput } from "../domain/request.ts";
import { revocationText, revokedIn } from "../domain/revocation.ts";
import { ManualInputError, NothingToRollBackError, RevokedError } from "../errors.ts";
import { targetGroupOf } from "../fleet-names.ts";
import { recordEvent } from "../history.ts";
import type { ReleaseRef } from "../step-input.ts";
import { admitAlarm, judgeNow } from "./alarm.ts";
import { admitDrill } from "./drill.ts";
import { acquireLease } from "./lease.ts";
import { judgeListener, zeroBehind } from "./route.ts";
import { type Admission, type AdmissionWorld, skipped, waiting } from "./world.ts";

type RollbackInput = z.infer<typeof rollbackInput>;

/** Unit: seconds between two looks at whether a deploy that observes has heeded the alarm itself. */
const observingSeconds = 15;

/**
 * Admits a rollback, which pre-empts: it takes its place before every upload made until now, stops whoever holds the
 * lease, waits out that execution's longest call, and then holds the lease itself.
 */
export async function admitRollback(
  asked: { execution: string; startedAt: string; request: unknown },
  world: AdmissionWorld,
): Promise<Admission> {
  const event = alarmInput.safeParse(asked.request);
  if (event.success) return admitAlarm(event.data.alarm, world);
  const parsed = rollbackInput.safeParse(asked.request);
  if (!parsed.success) {
    const problems = inOneLine(problemsOf(parsed.error));
    throw new ManualInputError(`The input is not understood: ${problems}.`, 'Give {"service":"web"}.');
  }
  const { service, acceptRule = false, drill } = parsed.data;
  if (drill) return admitDrill(asked, { ...parsed.data, drill }, world);
  const head = await world.ledger.head(service);
  const chosen = await choose(head, asked.execution, parsed.data, world);
  if (typeof chosen !== "string") return chosen;

  const generation = chosen;
  const intent: Intent = { kind: "rollback", time: asked.startedAt, tieBreak: asked.execution };
  const written = await world.ledger.updateHead(service, (present) =>
    isAsChosen(present, head, parsed.data.alarm !== undefined)
      ? withRollback(present, intent, asked.execution, generation)
      : present,
  );
  // Since the target was chosen a deploy has settled, or moves traffic: "the release before" may be another one now.
  if (generationOf(written, asked.execution) === undefined) return waiting(2, "another release is just taking over");

  const lease = await acquireLease(service, asked.execution, world, async (owner) => {
    await world.executions.stop(owner, "Kiln.PreEmpted", `A rollback of ${service} took over: ${asked.execution}`);
    return waiting(2, `stopping ${owner}`);
  });
  if ("status" in lease) return lease;
  const ref = { service, generation, fence: lease.fence };
  const zero = isGenerationZero(service, generation);
  const release = zero ? await releaseOfRule(head, world) : await world.ledger.release(service, generation);
  if (!release)
    throw new NothingToRollBackError(`Release ${generation} is not in the ledger.`, "Name one that is: kiln releases.");
  const present = await world.ledger.head(service);
  // A later deploy took its place, and may have reaped the target as a leftover before the lease came here.
  if (generationOf(present, asked.execution) !== generation) return waiting(2, "another deploy has just been admitted");
  try {
    await judgeListener(present, release.network.listenerArn, acceptRule, world);
  } catch (refusal) {
    // Nothing was changed yet, so nothing is left for the sweep to undo.
    await world.ledger.updateHead(service, (present) => settled(present, asked.execution));
    await world.ledger.releaseLease(ref, asked.execution);
    throw refusal;
  }
  await recordBeginning(asked.execution, ref, head, parsed.data, world);
  const path = zero || (await isHot(release, head, world)) ? "hot" : "cold";
  // One rule change ends a drill that was interrupted too; a fleet that is still to be launched takes minutes.
  const isLent = path === "cold" && (await world.ledger.head(service)).drill != null;
  return { status: "ready", waitSeconds: 0, reason: path, release: ref, path: isLent ? "end-drill" : path };
}

/** The generation to go back to, or why there is none now. What this execution chose before stays chosen. */
async function choose(
  head: Head,
  execution: string,
  { to, alarm }: RollbackInput,
  world: AdmissionWorld,
): Promise<string | Admission> {
  const before = generationOf(head, execution);
  if (before !== undefined) return before;
  if (alarm) {
    const judged = await judgeNow(head, alarm, world);
    if (judged.kind === "roll-back") {
      const revoked = revokedIn(head, judged.to);
      return revoked ? skipped(`${judged.to} must not serve again: ${revocationText(revoked)}`) : judged.to;
    }
    return judged.kind === "wait" ? waiting(observingSeconds, judged.reason) : skipped(judged.reason);
  }
  const target = await chooseTarget(head, to, world);
  return target ?? skipped(`nothing to do: ${to} is live and nothing else is under way`);
}

/**
 * Whether the head is still the one the target was chosen from. Of two alarms that turn red together only one goes back: a
 * person's rollback may take another one's place, an alarm's may not.
 */
function isAsChosen(present: Head, seen: Head, byAlarm: boolean): boolean {
  if (present.live?.generation !== seen.live?.generation || present.ruleChangedAt !== seen.ruleChangedAt) return false;
  return !byAlarm || present.pending?.execution === seen.pending?.execution;
}

/** Who moves production away from the live release, and why, in that release's history. */
async function recordBeginning(
  execution: string,
  ref: ReleaseRef,
  { live }: Head,
  { alarm, reason }: RollbackInput,
  world: AdmissionWorld,
): Promise<void> {
  if (!live || live.generation === ref.generation) return;
  const why = {
    to: ref.generation,
    by: alarm ? "alarm" : "person",
    ...(alarm && { alarm }),
    ...(reason && { reason }),
  };
  await recordEvent({ execution, release: { ...ref, generation: live.generation } }, world, "rollback-began", why);
}

/** The release to go back to; undefined when the named one already serves and nothing is under way. */
async function chooseTarget(head: Head, to: string | undefined, world: AdmissionWorld): Promise<string | undefined> {
  const { service } = head;
  const serving = await servingGeneration(head, world);
  const isQuiet = !head.pending && !head.drill;
  if (to !== undefined && to === head.live?.generation && serving === to && isQuiet) return undefined;
  const wantsZero = to !== undefined ? isGenerationZero(service, to) : rollbackTarget(head, serving) === undefined;
  if (wantsZero) return chooseZero(head, to, world);
  const target = to ?? rollbackTarget(head, serving);
  const known = target !== undefined && (isKept(head, target) || head.live?.generation === target);
  const revoked = target === undefined ? undefined : revokedIn(head, target);
  if (revoked) {
    const others = keptGenerations(head).filter((generation) => !revokedIn(head, generation));
    throw new RevokedError(
      `${target} must not serve again: ${revocationText(revoked)}.`,
      `Name another: ${others.join(", ") || "there is none"}. Or take it back: kiln revoke ${revoked.kind} ${revoked.id} --undo.`,
    );
  }
  if (target !== undefined && known) return target;
  throw new NothingToRollBackError(
    target ? `${target} is no kept release of ${service}.` : `${service} has no earlier release that served.`,
    `Kept releases: ${keptGenerations(head).join(", ") || "none"}.`,
  );
}

/** Generation 0, when something would answer without Kiln's rule; undefined when it does already. */
async function chooseZero(head: Head, to: string | undefined, world: AdmissionWorld): Promise<string | undefined> {
  const { service, live, pending } = head;
  const release = await releaseOfRule(head, world);
  const behind = release && (await zeroBehind(head, release.network.listenerArn, release.spec.route, world));
  if (behind !== undefined) return behind;
  if (to !== undefined && !live && !pending) return undefined;
  throw new NothingToRollBackError(
    `${service} has no earlier release that served, and without Kiln's rule no target group would answer.`,
    `Kept releases: ${keptGenerations(head).join(", ") || "none"}.`,
  );
}

/** The live release, or else the newest one that may own something: their listener is the service's. */
export async function releaseOfRule(head: Head, world: Pick<AdmissionWorld, "ledger">): Promise<Release | undefined> {
  for (const generation of [head.live?.generation, ...[...head.known].reverse()]) {
    const release = generation === undefined ? undefined : await world.ledger.release(head.service, generation);
    if (release) return release;
  }
  return undefined;
}

/**
 * The generation that production goes to now, among those that the head knows. When two share the requests it is the one
 * that is not live: the new release of a deploy that is under way, or that died. The small share of a drill moves nothing:
 * while there is one it is whoever has most.
 */
export async function servingGeneration(head: Head, world: AdmissionWorld): Promise<string | undefined> {
  const live = head.live?.generation;
  const others = [head.pending?.generation, head.standby?.generation, ...head.known].filter((one) => one !== live);
  // A service keeps its listener, and so its rule.
  let serving: Set<string> | undefined;
  for (const generation of new Set([...others, live])) {
    if (generation === undefined) continue;
    const release = await world.ledger.release(head.service, generation);
    if (!release) continue;
    serving ??= await servingGroups(release, head, world);
    if (serving.size === 0) return undefined;
    const group = await world.targetGroups.find(targetGroupOf(world.config.stage, generation));
    if (group !== undefined && serving.has(group)) return generation;
  }
  return undefined;
}

async function servingGroups({ network, service }: Release, head: Head, world: AdmissionWorld): Promise<Set<string>> {
  const rule = await world.traffic.production(network.listenerArn, service);
  if (head.drill) {
    const group = rule && servingGroup(rule.weights);
    return new Set(group === undefined ? [] : [group]);
  }
  const weights = (rule?.weights ?? []).filter(({ weight }) => weight > 0);
  return new Set(weights.map(({ targetGroupArn }) => targetGroupArn));
}

/** What it takes to see how fleets are; commands ask this too. */
export interface FleetsSeen extends Pick<AdmissionWorld, "fleets" | "targetGroups"> {
  config: { stage: string };
}

/** Whether a release's fleet still stands with enough healthy targets to take over at once. */
export async function isHot(release: Release, head: Head, world: FleetsSeen): Promise<boolean> {
  const { stage } = world.config;
  const [fleet, group] = await Promise.all([
    world.fleets.read(fleetName(stage, release.generation)),
    world.targetGroups.find(targetGroupOf(stage, release.generation)),
  ]);
  if (!fleet || fleet.deleting || !group) return false;
  const live =
    head.live && head.live.generation !== release.generation
      ? await world.fleets.read(fleetName(stage, head.live.generation))
      : undefined;
  const health = await world.targetGroups.health(group);
  return (
    health.healthy >=
    capacityTarget({ ...release.spec.capacity, max: Math.max(release.spec.capacity.max, fleet.desired) }, live)
  );
}
