import { Random } from "../../local/core/random.ts";

/**
 * What can go wrong with one call of a handler.
 * - `unavailable`: every attempt of the SDK client is answered with a 503 before it takes effect.
 * - `reply-lost`: the call takes effect, its answer is lost, and the SDK client sends it again.
 * - `timed-out`: the call takes effect, and every attempt to hear of it times out.
 * - `crash`: the call takes effect, and the Lambda's process ends before it hears of it.
 * - `denied`: the role lacks the permission, once.
 * - `slow`: the call arrives many seconds late; an execution that is stopped meanwhile has a Lambda that goes on.
 * - `throttled`: every attempt is refused in the service's own words for too many requests.
 * - `hung`: the request never arrives, and every attempt waits for an answer until it is given up.
 * - `stopped`: somebody stops the execution that the handler works for; its Lambda goes on, with this call first.
 */
export type FaultKind =
  | "unavailable"
  | "reply-lost"
  | "timed-out"
  | "crash"
  | "denied"
  | "slow"
  | "throttled"
  | "hung"
  | "stopped";

/** Those that random mixes draw from: throttled calls and hung ones do what unavailable and slow ones do, and people stop executions there anyway. */
export const faultKinds: readonly FaultKind[] = ["unavailable", "reply-lost", "timed-out", "crash", "denied", "slow"];

/** Those that strike every call of the reference runs. */
export const everyFaultKind: readonly FaultKind[] = [...faultKinds, "throttled", "hung", "stopped"];

/** Faults after which a deploy must end as if nothing had been: AWS's clients and the state machines retry them. */
export const survivable: ReadonlySet<FaultKind> = new Set([
  "unavailable",
  "reply-lost",
  "timed-out",
  "crash",
  "slow",
  "throttled",
  "hung",
]);

/** One call that a handler makes. */
export interface HandlerCall {
  /** Counted over all handlers since the faults were armed, from 0. */
  index: number;
  /**
   * Which call it is among those like it, such as `deploy 2 cutover elasticloadbalancing:ModifyRule 1`: the first of its kind
   * that the handler makes for the second execution of deploy. Other than the index it stays when another call is left out.
   */
  place: string;
  /** ARN of the execution that it is made for; empty when it is made for none. */
  execution: string;
  handler: string;
  service: string;
  operation: string;
}

/** Decides the fate of each call. */
export type FaultPlan = (call: HandlerCall) => FaultKind | undefined;

export const noFaults: FaultPlan = () => undefined;

/** Draws the fate of each call from its place alone, so that the fate of one call decides nothing about another's. */
export function drawnFaults(seed: number, share: number): FaultPlan {
  return ({ place }) => {
    const random = drawOf(seed, place);
    return random.next() < share ? faultKinds[Math.floor(random.next() * faultKinds.length)] : undefined;
  };
}

/** A plan that strikes the calls at these places. */
export function placedFaults(faults: readonly { at: string; kind: FaultKind }[]): FaultPlan {
  const kinds = new Map(faults.map(({ at, kind }) => [at, kind]));
  return ({ place }) => kinds.get(place);
}

/** Randomness that belongs to a text: FNV-1a of it is the seed. */
export function drawOf(seed: number, text: string): Random {
  let hash = seed ^ 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return new Random(hash);
}

/** A plan with one fault, at the call of this index. */
export function oneFault(index: number, kind: FaultKind): FaultPlan {
  return aPlan([{ index, kind }]);
}

/** A plan that strikes these calls, each once. */
export function aPlan(faults: readonly { index: number; kind: FaultKind }[]): FaultPlan {
  const kinds = new Map(faults.map(({ index, kind }) => [index, kind]));
  return ({ index }) => kinds.get(index);
}
