import type { ExecutionDocument } from "./documents.ts";
import type { Turn } from "./turn.ts";
import { historyEventsMax } from "./turn.ts";

const dayMs = 24 * 3600 * 1000;
/** How long after its end an execution can be redriven. Source: RedriveExecution API reference. */
const redrivableMs = 14 * dayMs;
/** How long an execution may be open in all. Source: the same page. */
const openMaxMs = 365 * dayMs;

/**
 * Why an execution cannot be redriven now, in the words of `redriveStatusReason`; undefined when it can.
 * Source: DescribeExecution API reference, redriveStatusReason; of RUNNING and SUCCEEDED, AWS's recordings.
 */
export function notRedrivable(
  execution: Readonly<ExecutionDocument>,
  lastEventId: number,
  nowMs: number,
): string | undefined {
  const { status, startMs, stopMs = nowMs } = execution;
  if (status === "RUNNING" || status === "SUCCEEDED") return `Execution is ${status} and cannot be redriven`;
  // One event tells of the redrive and at least one more must fit.
  if (lastEventId >= historyEventsMax - 1) return "Execution history event limit exceeded";
  if (nowMs - startMs > openMaxMs) return "Execution has exceeded the max execution time";
  if (nowMs - stopMs > redrivableMs) return "Execution redrivable period exceeded";
  return undefined;
}

/**
 * Lets every line of control that had not come to an end go on: a Task, a Map or a Parallel without being entered again,
 * with all its retries; what succeeded stays. Source: Step Functions guide, "Restarting state machine executions with
 * redrive". That a Wait begins anew, and which event the first new one follows, is not published.
 */
export function resumeFrames(turn: Turn, redrivenEventId: number): void {
  for (const id of turn.frameIds()) {
    const frame = turn.frame(id);
    if (!frame) continue;
    frame.retries = [];
    frame.retryCount = 0;
    delete frame.task;
    if (frame.phase === "children" && (frame.children?.running.length ?? 0) > 0) continue;
    if (frame.phase !== "enter") frame.phase = "retry";
    frame.previousEventId = redrivenEventId;
    turn.plan("step", frame.id, turn.nowMs, { phase: frame.phase, after: frame.previousEventId });
  }
}
