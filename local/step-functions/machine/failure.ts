import type { Catcher, Retrier, State } from "../language/definition.ts";
import { errorMatches, errorOutput, type StateError } from "../language/state-error.ts";
import { abortChildren } from "./branches.ts";
import { describeFailure, type ExitRule, failFrame, leave, planStep, stateOf } from "./control.ts";
import type { FrameDocument } from "./documents.ts";
import type { Turn } from "./turn.ts";

/** Defaults of a Retrier. Source: states-language.net/spec.html, "Retrying after error". */
const retrierDefaults = { IntervalSeconds: 1, MaxAttempts: 3, BackoffRate: 2 };

/** A state failed: it is tried again, its error is caught, or the line of control fails. */
export async function failState(turn: Turn, frame: FrameDocument, error: StateError): Promise<void> {
  const state = stateOf(turn, frame);
  delete frame.task;
  if (state.Type === "Map" || state.Type === "Parallel") {
    abortChildren(turn, frame, frame.previousEventId);
    turn.follow(frame, `${state.Type}StateFailed`);
  }
  if (retry(turn, frame, state, error)) return;
  const found = catcherFor(state, error);
  if (!found) return failFrame(turn, frame, error);
  const rule: ExitRule = { prefix: `Catch[${found.index}]/`, next: found.catcher.Next };
  if (found.catcher.Assign !== undefined) rule.Assign = found.catcher.Assign;
  if (found.catcher.Output !== undefined) rule.Output = found.catcher.Output;
  const output = errorOutput(error);
  turn.rebase(frame);
  try {
    await leave(turn, frame, rule, output, { errorOutput: output });
  } catch (failure) {
    await failFrame(turn, frame, describeFailure(turn, frame, failure));
  }
}

/** Plans the next attempt when a retrier still has one; each retrier of the state counts for itself. */
function retry(turn: Turn, frame: FrameDocument, state: State, error: StateError): boolean {
  const retriers = "Retry" in state ? (state.Retry ?? []) : [];
  const index = retriers.findIndex((retrier) => errorMatches(retrier.ErrorEquals, error));
  const retrier = retriers[index];
  if (!retrier) return false;
  const spent = frame.retries[index] ?? 0;
  if (spent >= (retrier.MaxAttempts ?? retrierDefaults.MaxAttempts)) return false;
  frame.retries = retriers.map((_, other) => (frame.retries[other] ?? 0) + (other === index ? 1 : 0));
  frame.retryCount += 1;
  frame.phase = "retry";
  planStep(turn, frame, turn.nowMs + retryDelaySeconds(turn, retrier, spent) * 1000);
  return true;
}

function retryDelaySeconds(turn: Turn, retrier: Retrier, spent: number): number {
  const interval = retrier.IntervalSeconds ?? retrierDefaults.IntervalSeconds;
  const grown = interval * (retrier.BackoffRate ?? retrierDefaults.BackoffRate) ** spent;
  const seconds = Math.min(grown, retrier.MaxDelaySeconds ?? Number.POSITIVE_INFINITY);
  return retrier.JitterStrategy === "FULL" ? turn.kernel.random.between(0, seconds) : seconds;
}

function catcherFor(state: State, error: StateError): { catcher: Catcher; index: number } | undefined {
  const catchers = "Catch" in state ? (state.Catch ?? []) : [];
  const index = catchers.findIndex((catcher) => errorMatches(catcher.ErrorEquals, error));
  const catcher = catchers[index];
  return catcher && { catcher, index };
}
