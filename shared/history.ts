import type { Ledger } from "./aws/ledger.ts";
import type { ReleaseEvent } from "./domain/release-events.ts";
import type { ReleaseRef } from "./step-input.ts";

/**
 * Writes one line of evidence into the history of the release that a step works on. A step that is repeated writes the
 * same line once.
 * @returns Whether it is new: an earlier attempt may have written it.
 */
export async function recordEvent(
  request: { execution: string; release: ReleaseRef },
  { ledger, now }: { ledger: Ledger; now: () => number },
  event: ReleaseEvent,
  evidence: Record<string, unknown>,
): Promise<boolean> {
  const at = new Date(now()).toISOString();
  return ledger.record(request.release, { event, at, execution: request.execution, ...evidence });
}
