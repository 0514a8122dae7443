import { type CommandRun, hasEnded, runText, verdictOfRun } from "./command-check.ts";

/**
 * What the ledger knows of a release's `once` command. It is claimed before it is sent, so whoever finds a claim never sends
 * it again: at worst it has not run, and nobody says that it has.
 */
export interface OnceRecord {
  generation: string;
  /** `sending`: somebody may have sent it. `refused`: Systems Manager took no command; it may be claimed again. */
  state: "sending" | "sent" | "refused";
  instanceId: string;
  /** Of the claim; stands in the command's comment too, by which it is found again. */
  nonce: string;
  execution: string;
  /** ISO time. */
  claimedAt: string;
  commandId?: string;
}

/**
 * Unit: milliseconds after a claim in which whoever made it may still send: longer than the validate function may live,
 * and than a new command may be missing from a list.
 */
const sendingMs = 240_000;

/** Unit: milliseconds that Systems Manager may take to deliver, and to tell that a command has ended. */
const tellingMs = 300_000;

/** What is to be done about a `once` command. */
export type OnceDecision =
  | { kind: "claim" }
  /** It is not known yet whether it was sent. */
  | { kind: "find" }
  | { kind: "wait" }
  | { kind: "done"; says: string }
  | { kind: "failed"; says: string }
  | { kind: "unknown"; says: string };

/** @param run What Systems Manager says of the command, once it was sent. */
export function decideOnce(
  record: OnceRecord | undefined,
  run: CommandRun | undefined,
  timeoutSeconds: number,
  nowMs: number,
): OnceDecision {
  if (!record || record.state === "refused") return { kind: "claim" };
  const agoMs = nowMs - Date.parse(record.claimedAt);
  if (record.state === "sending") {
    if (agoMs < sendingMs) return { kind: "find" };
    return { kind: "unknown", says: `nobody knows whether it was sent to ${record.instanceId}` };
  }
  if (run && hasEnded(run)) {
    const says = runText(run);
    switch (verdictOfRun(run)) {
      case "pass":
        return { kind: "done", says };
      case "fail":
        return { kind: "failed", says };
      case "inconclusive":
        return { kind: "unknown", says };
    }
  }
  if (agoMs < timeoutSeconds * 1000 + tellingMs) return { kind: "wait" };
  return { kind: "unknown", says: `Systems Manager never said how it ended on ${record.instanceId}` };
}

/** What the command is found by. SendCommand takes no client token; a comment has 100 characters at most. */
export function onceComment({ generation, nonce }: Pick<OnceRecord, "generation" | "nonce">): string {
  return `kiln once ${generation} ${nonce}`;
}
