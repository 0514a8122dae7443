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
  handler: string;
  service: string;
  operation: string;
}

/** Decides the fate of each call. */
export type FaultPlan = (call: HandlerCall) => FaultKind | undefined;

export const noFaults: FaultPlan = () => undefined;

/** A plan with one fault, at the call of this index. */
export function oneFault(index: number, kind: FaultKind): FaultPlan {
  return aPlan([{ index, kind }]);
}

/** A plan that strikes these calls, each once. */
export function aPlan(faults: readonly { index: number; kind: FaultKind }[]): FaultPlan {
  const kinds = new Map(faults.map(({ index, kind }) => [index, kind]));
  return ({ index }) => kinds.get(index);
}
