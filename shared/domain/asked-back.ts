import type { Head } from "./head.ts";

/** Who settles, and what the rollback machine says of itself. */
export interface Settling {
  execution: string;
  /** Of a rollback: when it was asked for. ISO time. */
  askedAt?: string | undefined;
}

/**
 * When the way back was asked for that is being settled; undefined for a deploy. What is pushed while a rollback is under way
 * takes its place in the head before its turn comes, so a rollback says itself that it is one. The sweep finishes what others
 * began: it goes by the head.
 * @returns ISO time.
 */
export function askedBackAt({ askedAt, execution }: Settling, { newestIntent, pending }: Head): string | undefined {
  if (askedAt !== undefined || newestIntent?.kind !== "rollback") return askedAt;
  return pending === null || pending.execution === execution ? newestIntent.time : undefined;
}
