import type { Ledger } from "./aws/ledger.ts";
import type { ReleaseRef } from "./step-input.ts";

/**
 * Writes one line of evidence into the history of the release that a step works on. A step that is repeated writes the
 * same line once.
 */
export async function recordEvent(
  request: { execution: string; release: ReleaseRef },
  { ledger, now }: { ledger: Ledger; now: () => number },
  event: string,
  evidence: Record<string, unknown>,
): Promise<void> {
  const at = new Date(now()).toISOString();
  await ledger.record(request.release, { event, at, execution: request.execution, ...evidence });
}
