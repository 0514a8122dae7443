import type { ChoiceState, FailState, PassState, State, WaitState } from "../language/definition.ts";
import { evaluate, expressionIn, unexpectedType } from "../language/expression.ts";
import type { Json } from "../language/json.ts";
import { fillPaths } from "../language/paths.ts";
import { QueryEvaluationError, StateFailure } from "../language/state-error.ts";
import { startMap, startParallel } from "./branches.ts";
import { type ExitRule, failFrame, guarded, leave, ownRule, planStep, recordEntry, stateOf } from "./control.ts";
import type { FrameDocument } from "./documents.ts";
import { bindings, countField, pathRoots, textField, usesJsonata } from "./scope.ts";
import { scheduleTask } from "./task.ts";
import { type Turn, withoutUndefined } from "./turn.ts";

/** Takes a frame's next step: enters its state, ends its wait, or tries its state again. */
export async function takeStep(turn: Turn, frame: FrameDocument): Promise<void> {
  const state = stateOf(turn, frame);
  if (frame.phase === "wait") return guarded(turn, frame, () => leave(turn, frame, ownRule(state), frame.input, {}));
  if (frame.phase === "enter") recordEntry(turn, frame, state);
  await guarded(turn, frame, () => run(turn, frame, state));
}

async function run(turn: Turn, frame: FrameDocument, state: State): Promise<void> {
  switch (state.Type) {
    case "Pass":
      return leave(turn, frame, ownRule(state), passed(turn, frame, state), {});
    case "Succeed":
      return leave(turn, frame, ownRule(state), frame.input, {});
    case "Fail":
      return runFail(turn, frame, state);
    case "Choice":
      return runChoice(turn, frame, state);
    case "Wait":
      return startWait(turn, frame, state);
    case "Task":
      return scheduleTask(turn, frame, state);
    case "Parallel":
      return startParallel(turn, frame, state);
    case "Map":
      return startMap(turn, frame, state);
  }
}

/** What a Pass without an Output hands on: in JSONPath mode its Result or Parameters, when it has one of them. */
function passed(turn: Turn, frame: FrameDocument, state: PassState): Json {
  if (state.Result !== undefined) return state.Result;
  if (state.Parameters === undefined) return frame.input;
  return fillPaths(state.Parameters, pathRoots(turn, frame, state));
}

async function runFail(turn: Turn, frame: FrameDocument, state: FailState): Promise<void> {
  const error = await textField(turn, frame, state, "Error", state.Error);
  const cause = await textField(turn, frame, state, "Cause", state.Cause);
  await failFrame(turn, frame, withoutUndefined({ error, cause }));
}

async function runChoice(turn: Turn, frame: FrameDocument, state: ChoiceState): Promise<void> {
  for (const [index, choice] of state.Choices.entries()) {
    if (!(await holds(turn, frame, state, choice.Condition, `Choices[${index}]/Condition`))) continue;
    const rule: ExitRule = { prefix: `Choices[${index}]/`, next: choice.Next };
    if (choice.Assign !== undefined) rule.Assign = choice.Assign;
    if (choice.Output !== undefined) rule.Output = choice.Output;
    return leave(turn, frame, rule, frame.input, {});
  }
  // AWS answers States.Runtime here, not the States.NoChoiceMatched of the specification (floci-io/floci pull 3167).
  if (state.Default === undefined) {
    throw new StateFailure(
      "States.Runtime",
      "Failed to transition out of the state. The state does not point to a next state.",
    );
  }
  await leave(turn, frame, { ...ownRule(state), next: state.Default }, frame.input, {});
}

async function holds(
  turn: Turn,
  frame: FrameDocument,
  state: ChoiceState,
  condition: boolean | string,
  location: string,
): Promise<boolean> {
  if (typeof condition === "boolean") return condition;
  const source = expressionIn(condition) ?? condition;
  const value = await evaluate(source, bindings(turn, frame, state, {}), location);
  if (typeof value !== "boolean") throw unexpectedType(source, location, "boolean", value);
  return value;
}

async function startWait(turn: Turn, frame: FrameDocument, state: WaitState): Promise<void> {
  const untilMs =
    state.Timestamp === undefined
      ? turn.nowMs + ((await countField(turn, frame, state, "Seconds", state.Seconds)) ?? 0) * 1000
      : await instantOf(turn, frame, state, state.Timestamp);
  frame.phase = "wait";
  planStep(turn, frame, Math.max(turn.nowMs, untilMs));
}

const isoInstant = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

async function instantOf(turn: Turn, frame: FrameDocument, state: WaitState, template: string): Promise<number> {
  const text = usesJsonata(turn, state) ? await textField(turn, frame, state, "Timestamp", template) : template;
  const parts = isoInstant.exec(text ?? "");
  const ms = parts ? Date.parse(text ?? "") : Number.NaN;
  const [, year, month, day] = parts ?? [];
  const dayExists = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
  if (!Number.isNaN(ms) && dayExists) return ms;
  throw new QueryEvaluationError(
    `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${text}`,
    "Timestamp",
    true,
  );
}
