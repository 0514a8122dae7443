import {
  adopted,
  decideRecovery,
  generationOf,
  isSuperseded,
  leftovers,
  promoted,
  reaped,
  retired,
  rollbackTarget,
  settled,
  takenUp,
  withDeploy,
  withRollback,
} from "../../shared/domain/head.ts";
import { decideLease, leaseHolds } from "../../shared/domain/lease.ts";
import { generationName } from "../../shared/domain/names.ts";
import { type Call, call, end, holds, next, type Onward, type Rules } from "./call.ts";
import { restoring } from "./restoring.ts";
import { goesTo, hasRequests, lastStep, percentOf, ruleOf, sameShares, seen, stepOf } from "./traffic.ts";
import { type Actor, actorNamed, epoch, hotUntil, intentOf, type World } from "./world.ts";

/** A deploy and a rollback that wait may take each other's place again and again; the model's deploys give up in the end. */
const lastOrdinal = 5;

const newest = (world: World, me: Actor) => generationOf(world.head, me.name) !== undefined;
const isActive = (world: World) => world.lease !== undefined && world.lease.activeFrom <= epoch;

/** Takes or keeps the lease: `held` once it may be acted under. */
function take(world: World, me: Actor, rules: Rules): "held" | "wait" | { busy: string } {
  const owner = world.lease?.owner ?? undefined;
  const ended = owner !== undefined && actorNamed(world, owner)?.execution === "ended";
  const decision = decideLease(world.lease, me.name, ended ? "ended" : "running", 0);
  if (decision.kind === "busy") return { busy: decision.owner };
  if (decision.kind === "take") {
    const tookOver = owner !== undefined;
    if (tookOver) world.waitedOut = world.actors.filter((actor) => isZombie(actor)).map(({ name }) => name);
    world.lease = rules.waitAfterTakeover ? decision.lease : { ...decision.lease, activeFrom: epoch };
  }
  me.fence = decision.lease.fence;
  return isActive(world) ? "held" : "wait";
}

export function isZombie(actor: Actor): boolean {
  return actor.execution === "ended" && actor.inside;
}

/** A fleet that was launched is removed; one that a rollback only goes back to stays as it was. */
const failed = (): Onward => next("readForRestore");
const failedToMove = (me: Actor): Onward => next(me.kind === "deploy" ? "readForRestore" : "readForReturn");

/**
 * Every call of the handlers that reads or changes what executions share, by the production code's own decisions. What a
 * handler reads first and acts on later are two calls, so anything may happen in between.
 */
export const calls: Readonly<Record<string, Call>> = {
  admit(world, me, rules) {
    const hasPlace = newest(world, me) || (!rules.newestWins && me.generation !== "");
    if (hasPlace) return [call("takeLease")];
    return [isSuperseded(world.head, intentOf(me)) ? end : call("takePlace")];
  },
  takePlace(world, me) {
    if (isSuperseded(world.head, intentOf(me)) || world.head.nextOrdinal > lastOrdinal) return [end];
    const generation = generationName("web", world.head.nextOrdinal);
    world.head = withDeploy(world.head, intentOf(me), me.name, generation);
    me.generation = generation;
    return [call("takeLease")];
  },
  takeLease(world, me, rules) {
    const lease = take(world, me, rules);
    if (lease === "held") return [call("isNewest")];
    const goesOn = lease === "wait" || !isSuperseded(world.head, intentOf(me)) || !rules.newestWins;
    return [goesOn ? next("admit") : end];
  },
  isNewest(world, me, rules) {
    if (newest(world, me) || !rules.newestWins) return [next("launch")];
    giveBack(world, me);
    return [isSuperseded(world.head, intentOf(me)) ? end : next("admit")];
  },

  preempt(world, me) {
    const target = generationOf(world.head, me.name) ?? rollbackTarget(world.head, goesTo(world));
    if (target === undefined) return [end];
    me.generation = target;
    me.seen = seen(world);
    return [call("announceRollback")];
  },
  announceRollback(world, me) {
    if (!newest(world, me) && world.head.live?.generation !== me.seen.live) return [next("preempt")];
    world.head = withRollback(world.head, intentOf(me), me.name, me.generation);
    return [call("stopOwner")];
  },
  stopOwner(world, me, rules) {
    const lease = take(world, me, rules);
    if (typeof lease === "object") {
      const owner = actorNamed(world, lease.busy);
      if (owner) owner.execution = "ended";
      return [next("preempt")];
    }
    if (lease === "wait") return [next("preempt")];
    return [call("isStillFirst")];
  },
  isStillFirst(world, me) {
    if (!newest(world, me)) return [next("preempt")];
    // Refused, when somebody else changed the listener.
    const refused = call("closeFailure");
    return [refused, next(world.fleets.includes(me.generation) ? "readForCutover" : "launch")];
  },

  takeService(world, me, rules) {
    const lease = take(world, me, rules);
    if (lease === "held") return [call("takeUpOrphan")];
    return lease === "wait" ? [next("takeService")] : [end];
  },
  takeUpOrphan(world, me) {
    const serving = goesTo(world);
    if (!world.head.pending && serving !== undefined && serving !== world.head.live?.generation) {
      world.head = takenUp(world.head, serving, me.name);
    }
    return [call("recover")];
  },
  recover(world, me) {
    const { pending } = world.head;
    const owner = pending && actorNamed(world, pending.execution);
    if (!pending || (pending.execution !== me.name && owner?.execution !== "ended")) return [next("pickLeftover")];
    world.head = adopted(world.head, pending.execution, me.name);
    me.generation = pending.generation;
    const live = world.head.live?.generation;
    const liveHealthy = live !== undefined && world.fleets.includes(live);
    const path = decideRecovery({ head: world.head, serving: goesTo(world), liveHealthy });
    if (path === "finish") return [next("readForFinish")];
    return [next(path === "undo" ? "readForRestore" : "pickLeftover")];
  },
  /** The sweep goes on with what no generation holds, and gives the lease back at the end. */
  pickLeftover(world, me, rules) {
    const [first] = leftovers(world.head, 0).filter((generation) => !serves(world, generation, rules));
    if (first === undefined) return [next("closeFailure")];
    me.generation = first;
    return [next("readForReap")];
  },

  launch(world, me) {
    return [holds(world, me) ? call("createFleet") : failed()];
  },
  createFleet(world, me) {
    world.fleets = with_(world.fleets, me.generation);
    return [next("validate"), failed()];
  },
  validate(world, me) {
    world.validated = with_(world.validated, me.generation);
    return [next("readForCutover")];
  },

  readForCutover(world, me) {
    me.seen = seen(world);
    const { step, wanted, left } = stepOf(world, me);
    if (sameShares(world.rule, wanted)) {
      me.step = step;
      return moved(me);
    }
    // Somebody else changed the rule since the step before.
    if (left && !sameShares(world.rule, left)) return [failedToMove(me)];
    if (!world.fleets.includes(me.generation)) return [failedToMove(me)];
    me.step = step;
    return [call("confirmCutover")];
  },
  confirmCutover(world, me) {
    return [holds(world, me) ? call("changeRule") : failedToMove(me)];
  },
  changeRule(world, me) {
    world.rule = ruleOf(me.generation, me.seen, percentOf(me, me.step));
    return moved(me);
  },
  /** Time passes: the share that a release has is watched, and does or does not hold. */
  observe(_world, me) {
    if (me.step >= lastStep(me)) return [next("confirmSettle"), failedToMove(me)];
    me.step += 1;
    return [next("readForCutover"), failedToMove(me)];
  },

  /** All requests to a release that got some of them when its deploy died. */
  readForFinish(world, me) {
    me.seen = seen(world);
    const isWhole = world.rule?.tried === undefined && world.rule?.serving === me.generation;
    return [!world.rule || isWhole ? next("confirmSettle") : call("confirmFinish")];
  },
  confirmFinish(world, me) {
    return [holds(world, me) ? call("finishRule") : end];
  },
  finishRule(world, me) {
    world.rule = ruleOf(me.generation, me.seen);
    return [next("confirmSettle")];
  },

  confirmSettle(world, me) {
    return [holds(world, me) ? call("promote") : end];
  },
  promote(world, me, rules) {
    const already = world.head.live?.generation === me.generation;
    world.head = promoted(world.head, me.generation, epoch, hotUntil);
    if (!already && me.kind !== "sweep") world.promotedIntent = Math.max(world.promotedIntent, me.intent);
    const left = leftovers(world.head, 0).filter((generation) => !serves(world, generation, rules));
    if (left[0] === undefined) return [call("settleHead")];
    me.seen = { ...me.seen, live: me.generation };
    me.generation = left[0];
    return [next("readForReap")];
  },
  settleHead(world, me) {
    world.head = settled(world.head, me.name);
    return [call("giveBack")];
  },
  giveBack(world, me) {
    giveBack(world, me);
    return [end];
  },

  ...restoring("readForRestore", "confirmRestore", "restoreRule", "readForReap"),
  ...restoring("readForReturn", "confirmReturn", "returnRule", "closeFailure"),

  /** Nobody may be told that it stands by once its fleet goes; its targets drain while the rule still names them. */
  readForReap(world, me, rules) {
    if (world.head.live?.generation === me.generation || serves(world, me.generation, rules)) return [end];
    if (world.head.standby?.generation === me.generation) return [call("confirmRetire")];
    if (world.fleets.includes(me.generation)) return [call("confirmDelete")];
    return [call(world.rule?.resting.includes(me.generation) ? "confirmLeave" : "forget")];
  },
  confirmRetire(world, me) {
    return [holds(world, me) ? call("retire") : end];
  },
  retire(world, me) {
    world.head = retired(world.head, me.generation);
    return [next("readForReap")];
  },
  confirmDelete(world, me) {
    return [holds(world, me) ? call("deleteFleet") : end];
  },
  deleteFleet(world, me) {
    world.fleets = world.fleets.filter((one) => one !== me.generation);
    return [next("readForReap")];
  },
  confirmLeave(world, me) {
    return [holds(world, me) ? call("leaveRule") : end];
  },
  leaveRule(world, me) {
    const { rule } = world;
    if (rule) world.rule = { ...rule, resting: rule.resting.filter((one) => one !== me.generation) };
    return [next("readForReap")];
  },
  forget(world, me) {
    world.head = reaped(world.head, me.generation, me.name);
    if (me.seen.live !== undefined && world.head.live?.generation === me.seen.live && me.kind !== "sweep") {
      me.generation = me.seen.live;
      return [next("confirmSettle")];
    }
    return [next(me.kind === "sweep" ? "pickLeftover" : "closeFailure")];
  },
  /** A failed deploy: nothing of it is left, so only the head and the lease are to be given back. */
  closeFailure(world, me) {
    world.head = settled(world.head, me.name);
    return [call("giveBack")];
  },
};

function moved(me: Actor): Onward[] {
  if (me.shares) return [next("observe")];
  return [next("confirmSettle"), failedToMove(me)];
}

function serves(world: World, generation: string, { sharesServe }: Rules): boolean {
  return sharesServe ? hasRequests(world, generation) : world.rule?.serving === generation;
}

function giveBack(world: World, me: Actor): void {
  if (world.lease && leaseHolds(world.lease, me.name, me.fence)) world.lease = { ...world.lease, owner: null };
}

function with_(list: readonly string[], one: string): string[] {
  return [...new Set([...list, one])].sort();
}

/** Calls that change traffic or take something away: what the lease is for. */
export const guarded: ReadonlySet<string> = new Set([
  "changeRule",
  "finishRule",
  "restoreRule",
  "returnRule",
  "leaveRule",
  "deleteFleet",
]);
