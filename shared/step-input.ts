import * as z from "zod/mini";

/** The release an execution works on, as it travels through a state machine: identifiers only. */
export const releaseRef = z.object({
  service: z.string(),
  generation: z.string(),
  /** Fence of the lease under which this execution may change things. */
  fence: z.number(),
});

export type ReleaseRef = z.infer<typeof releaseRef>;

/** What a handler remembers from one turn of its loop to the next; the state machine carries it untouched. */
export const memo = z.record(z.string(), z.unknown());

/** Input that every step after admission shares. */
export const stepInput = z.object({
  /** ARN of the execution, the lease's owner. */
  execution: z.string(),
  release: releaseRef,
  memo: z._default(memo, {}),
});

/** What every looping step answers. */
export interface StepOutput {
  /** `shift`: this step of the strategy held, the next one may be taken. `approval`: a person is to be asked. */
  status: "ready" | "pending" | "shift" | "approval";
  /** How long the state machine waits before it asks again, or goes on. Unit: seconds, ≥ 1 when pending. */
  waitSeconds: number;
  memo: Record<string, unknown>;
}

/** @param waitSeconds What the state machine should let pass before it goes on. */
export function ready(memo: Record<string, unknown> = {}, waitSeconds = 0): StepOutput {
  return { status: "ready", waitSeconds, memo };
}

export function shift(memo: Record<string, unknown>): StepOutput {
  return { status: "shift", waitSeconds: 0, memo };
}

/** @param waitSeconds ≥ 1: a loop that asks every second for a day stays below the 25,000-event limit only with longer waits. */
export function pending(waitSeconds: number, memo: Record<string, unknown> = {}): StepOutput {
  return { status: "pending", waitSeconds, memo };
}
