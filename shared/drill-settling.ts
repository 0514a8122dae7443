import * as z from "zod/mini";
import type { Ledger } from "./aws/ledger.ts";
import { drilled, resultOf } from "./domain/drill.ts";
import { recordEvent } from "./history.ts";
import type { ReleaseRef } from "./step-input.ts";

/** What the steps of a drill hand on; whatever a step that failed could not say is left out. */
const course = z.object({
  lentAtMs: z.optional(z.number()),
  returnedAtMs: z.optional(z.number()),
  returnMs: z.optional(z.number()),
  answers: z.optional(z.object({ requests: z.number(), errors: z.number() })),
  verdict: z.optional(z.enum(["pass", "fail", "inconclusive"])),
  why: z.optional(z.string()),
});

/**
 * Ends a drill: writes down how it went, and takes it out of the head.
 *
 * Before: live has everything again. After: history and head say how it went. What is live and what stands by is as it was.
 * Repeatable: a drill that is over, or that somebody else ended, stays as it was written.
 */
export async function settleDrill(
  asked: {
    execution: string;
    release: ReleaseRef;
    memo: Record<string, unknown>;
    failure?: { error: string; cause: string } | null | undefined;
  },
  world: { ledger: Ledger; now: () => number },
): Promise<void> {
  const { execution, release, failure } = asked;
  const { drill, live } = await world.ledger.head(release.service);
  if (drill?.execution !== execution) return;
  const said = failure ? failure.cause : undefined;
  const end = { failure: said, nowMs: world.now() };
  const result = resultOf(drill, live?.generation ?? "", course.parse(asked.memo), end);
  await recordEvent(asked, world, result.verdict === "fail" ? "drill-failed" : "drilled", { ...result });
  await world.ledger.updateHead(release.service, (head) => drilled(head, execution, result));
}
