import type { Ledger } from "./aws/ledger.ts";
import { askedBackAt, type Settling } from "./domain/asked-back.ts";
import type { Head } from "./domain/head.ts";
import { type RefreshFailure, withRefreshResumed, withRefreshUndone } from "./domain/refresh.ts";
import type { ReleaseRef } from "./step-input.ts";

/** A deploy or rollback that is being settled. */
interface Ended extends Settling {
  release: ReleaseRef;
  failure?: { error: string } | null | undefined;
}

/** A refresh that failed, as it counts towards the pause; undefined for every other deploy, and for a rollback. */
export async function failedRefresh(
  { release, failure, ...settling }: Ended,
  { ledger, now }: { ledger: Ledger; now: () => number },
): Promise<RefreshFailure | undefined> {
  const { service, generation } = release;
  if (askedBackAt(settling, await ledger.head(service)) !== undefined) return undefined;
  if ((await ledger.release(service, generation))?.intent.kind !== "refresh") return undefined;
  return { cause: generation, at: new Date(now()).toISOString(), error: failure?.error ?? "an interruption" };
}

/** The release that a rollback leaves, when a refresh had made it. */
export async function undoneRefresh(ended: Ended, head: Head, ledger: Ledger): Promise<string | undefined> {
  const { service, live } = head;
  if (askedBackAt(ended, head) === undefined || !live || live.generation === ended.release.generation) return undefined;
  return (await ledger.release(service, live.generation))?.intent.kind === "refresh" ? live.generation : undefined;
}

/**
 * What a release that became live says of refreshes: whatever was deployed shows that deploys work again; a way back from a
 * refresh shows that this one did not.
 */
export function judgedRefresh(settling: Settling, head: Head, undone: string | undefined, now: string): Head {
  if (undone !== undefined) return withRefreshUndone(head, undone, now);
  return askedBackAt(settling, head) === undefined ? withRefreshResumed(head) : head;
}
