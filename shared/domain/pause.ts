/**
 * Unit: seconds after a release was admitted. A paused deploy waits for so long, then it is undone with that reason: its
 * execution ends after six hours, and the last of them is for giving requests back and draining, which may take it.
 */
export const pauseLimitSeconds = 18_000;

/** ISO time until which a deploy waits for `kiln resume`. */
export function pausedUntil({ createdAt }: { createdAt: string }): string {
  return new Date(Date.parse(createdAt) + pauseLimitSeconds * 1000).toISOString();
}
