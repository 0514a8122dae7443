import { type Head, isGenerationZero, rollbackTarget } from "./head.ts";
import { type RevokedRelease, revocationText } from "./revocation.ts";

/** What is done about a live release that is revoked. */
export type RevocationAnswer =
  /** Another base or layer can be had by deploying again. */
  | { kind: "refresh"; revoked: RevokedRelease }
  /** Of an artifact there is only an earlier one. */
  | { kind: "rollback"; revoked: RevokedRelease; to: string }
  /** There is no good release to go back to: a person must push. */
  | { kind: "push"; revoked: RevokedRelease };

/** Undefined when what is live may stay. Of an experiment nothing but its end is an answer, which its head says. */
export function answerToRevocation(head: Head): RevocationAnswer | undefined {
  const { live, service, experiment } = head;
  if (!live || experiment) return undefined;
  const all = (head.revoked ?? []).filter(({ generation }) => generation === live.generation);
  const whole = all.find(({ kind }) => kind === "release" || kind === "artifact");
  const revoked = whole ?? all[0];
  if (!revoked) return undefined;
  if (!whole) return { kind: "refresh", revoked };
  const to = rollbackTarget(head, live.generation);
  return to === undefined || isGenerationZero(service, to)
    ? { kind: "push", revoked }
    : { kind: "rollback", revoked, to };
}

/**
 * The name of the execution that answers a revocation: the same for whoever starts it, so it starts once, though the one
 * who revoked dies and the sweep goes on, and is not started again by every sweep should it fail.
 * Limit 80 characters (API_StartExecution); a generation has 31 at most.
 */
export function answerName({ generation, at }: RevokedRelease): string {
  return `revoked-${generation}-${at.replace(/\D/g, "")}`;
}

/** The input of that execution. */
export function answerInput(service: string, answer: Exclude<RevocationAnswer, { kind: "push" }>): object {
  const reason = revocationText(answer.revoked).slice(0, reasonLimit);
  return answer.kind === "refresh" ? { service, now: true, reason } : { service, to: answer.to, reason };
}

/** Unit: characters. Both machines take at least so long a reason. */
const reasonLimit = 400;

/**
 * The head of an experiment that runs something revoked: its end has come, for nothing else can be put in its place.
 * Unchanged when nothing that it runs is.
 */
export function endedIfRevoked(head: Head, nowMs: number): Head {
  const { experiment, live, pending } = head;
  if (!experiment || experiment.ended !== undefined) return head;
  const runs = [live?.generation, pending?.generation];
  if (!(head.revoked ?? []).some(({ generation }) => runs.includes(generation))) return head;
  return { ...head, experiment: { ...experiment, ended: new Date(nowMs).toISOString() } };
}
