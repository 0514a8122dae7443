import { setTimeout as delay } from "node:timers/promises";

export interface Patience {
  /**
   * Unit: seconds of real time. Only for what must fail sooner; the default is several times what the slowest wait takes on
   * a machine that has other work.
   */
  withinSeconds?: number;
  /** Unit: milliseconds of real time between two looks. */
  everyMs?: number;
}

/**
 * Looks until there is something to see, and returns it.
 * @param what What is waited for, as the end of "waited for …".
 * @param look Undefined, null and false mean not yet; what it throws ends the wait.
 * @throws {Error} when it has not come in time.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  { withinSeconds = 240, everyMs = 100 }: Patience = {},
): Promise<T> {
  const giveUpAt = performance.now() + withinSeconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== null && seen !== false) return seen;
    if (performance.now() > giveUpAt) throw new Error(`waited ${withinSeconds} s in vain for ${what}`);
    await delay(everyMs);
  }
}
