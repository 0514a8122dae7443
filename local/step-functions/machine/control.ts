import { containerAt, type State } from "../language/definition.ts";
import type { Json } from "../language/json.ts";
import { QueryEvaluationError, type StateError, StateFailure } from "../language/state-error.ts";
import { childFailed, childSucceeded } from "./branches.ts";
import type { FrameDocument } from "./documents.ts";
import { failState } from "./failure.ts";
import { assignments, type Extra, fillField, setVariables } from "./scope.ts";
import { payloadText, type Turn, withoutUndefined } from "./turn.ts";

/** The definition of the state a frame stands at. */
export function stateOf(turn: Turn, frame: FrameDocument): State {
  const state = containerAt(turn.definition, frame.container).States[frame.state];
  if (!state) throw new Error(`no state ${frame.state} in ${frame.container.join("/") || "the machine"}`);
  return state;
}

/** Records that a frame entered its state. */
export function recordEntry(turn: Turn, frame: FrameDocument, state: State): void {
  const details = { name: frame.state, input: JSON.stringify(frame.input), inputDetails: { truncated: false } };
  frame.entered = {
    eventId: turn.follow(frame, `${state.Type}StateEntered`, details, "stateEnteredEventDetails"),
    atMs: turn.nowMs,
  };
}

/** Where a state's Assign and Output are written, and how AWS names the place. */
export interface ExitRule {
  Assign?: Record<string, Json>;
  Output?: Json;
  /** `""` for the state itself, `Choices[0]/` or `Catch[1]/` for a rule in it. */
  prefix: string;
  next: string | undefined;
}

/**
 * Leaves a state: assigns variables, makes the output, records the exit and moves on.
 * @throws {QueryEvaluationError | StateFailure}
 */
export async function leave(
  turn: Turn,
  frame: FrameDocument,
  rule: ExitRule,
  fallback: Json,
  extra: Extra,
): Promise<void> {
  const state = stateOf(turn, frame);
  const assigned = await assignments(turn, frame, state, rule.Assign, `${rule.prefix}Assign`, extra);
  const output =
    rule.Output === undefined
      ? fallback
      : await fillField(turn, frame, state, rule.Output, `${rule.prefix}Output`, extra);
  const text = payloadText(output, frame.state);
  setVariables(turn, frame, assigned);
  const variables = Object.fromEntries(Object.entries(assigned).map(([name, value]) => [name, JSON.stringify(value)]));
  const details = {
    name: frame.state,
    output: text,
    outputDetails: { truncated: false },
    ...(rule.Assign === undefined
      ? {}
      : { assignedVariables: variables, assignedVariablesDetails: { truncated: false } }),
  };
  turn.follow(frame, `${state.Type}StateExited`, details, "stateExitedEventDetails");
  if (rule.next === undefined) return endFrame(turn, frame, output);
  goTo(turn, frame, rule.next, output);
}

/** The rule of a state without choices. */
export function ownRule(state: State): ExitRule {
  const rule: ExitRule = { prefix: "", next: state.Next };
  if (state.Assign !== undefined) rule.Assign = state.Assign;
  if (state.Output !== undefined) rule.Output = state.Output;
  return rule;
}

function goTo(turn: Turn, frame: FrameDocument, name: string, input: Json): void {
  frame.state = name;
  frame.input = input;
  frame.phase = "enter";
  frame.retries = [];
  frame.retryCount = 0;
  delete frame.task;
  delete frame.children;
  planStep(turn, frame, turn.nowMs + turn.kernel.settings.delays.transitionSeconds * 1000);
}

/** Plans what a frame does next. The marks let a step that was already taken be recognised after a restart. */
export function planStep(turn: Turn, frame: FrameDocument, atMs: number): void {
  turn.plan("step", frame.id, atMs, { phase: frame.phase, after: frame.previousEventId });
}

/** A line of control reached its end. */
export async function endFrame(turn: Turn, frame: FrameDocument, output: Json): Promise<void> {
  if (frame.parent !== undefined) return childSucceeded(turn, frame, output);
  const text = JSON.stringify(output);
  turn.record("ExecutionSucceeded", frame.previousEventId, { output: text, outputDetails: { truncated: false } });
  turn.finish("SUCCEEDED", { output: text });
}

/** A line of control failed for good. */
export async function failFrame(turn: Turn, frame: FrameDocument, error: StateError): Promise<void> {
  if (frame.parent !== undefined) return childFailed(turn, frame, error);
  const details = withoutUndefined({ error: error.error, cause: error.cause });
  turn.record("ExecutionFailed", frame.previousEventId, details);
  turn.finish("FAILED", details);
}

/**
 * Runs a part of a state and turns what it throws into the state's failure.
 * Failed evaluations are recorded, each time they happen.
 */
export async function guarded(turn: Turn, frame: FrameDocument, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await failState(turn, frame, describeFailure(turn, frame, error));
  }
}

/** A thrown failure as the language's error; anything else is a defect of this cloud and goes on. */
export function describeFailure(turn: Turn, frame: FrameDocument, error: unknown): StateError {
  const sentence = `An error occurred while executing the state '${frame.state}' (entered at the event id #${frame.entered.eventId}).`;
  if (error instanceof StateFailure) return { error: error.error, cause: `${sentence} ${error.message}` };
  if (!(error instanceof QueryEvaluationError)) throw error;
  const failure = { error: "States.QueryEvaluationError", cause: `${sentence} ${error.message}` };
  const details = { ...failure, ...withoutUndefined({ location: error.location }), state: frame.state };
  frame.previousEventId = turn.record(
    "EvaluationFailed",
    error.afterEntry ? frame.previousEventId : turn.base(frame),
    details,
  );
  return failure;
}
