import { setTimeout as delay } from "node:timers/promises";

/** Real time between two requests. Unit: milliseconds. */
const everyMs = 25;

/**
 * Asks a service, each time on a new connection, until a version answers; returns what `now` says then. It gives up
 * without a word when `signal` says so.
 */
export async function firstAnswerBy(
  version: string,
  url: string,
  now: () => number,
  signal: AbortSignal,
): Promise<number | undefined> {
  while (!signal.aborted) {
    const answer = await fetch(url, { headers: { connection: "close" }, signal }).catch(() => undefined);
    const body = await answer?.json().catch(() => undefined);
    if ((body as { version?: string } | undefined)?.version === version) return now();
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}
