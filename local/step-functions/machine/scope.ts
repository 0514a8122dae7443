import { awsFunctions } from "../language/aws-functions.ts";
import type { State } from "../language/definition.ts";
import { evaluate, expressionIn, unexpectedType } from "../language/expression.ts";
import type { Json, JsonObject } from "../language/json.ts";
import { byteLength } from "../language/json.ts";
import { fillPaths } from "../language/paths.ts";
import { QueryEvaluationError, StateFailure } from "../language/state-error.ts";
import { fill } from "../language/template.ts";
import { isWithin, stateNumbers } from "../validation/numbers.ts";
import type { FrameDocument } from "./documents.ts";
import type { Turn } from "./turn.ts";

/** What a field may read beside the state's input: `$states.result` or `$states.errorOutput`, and a Map's item. */
export interface Extra {
  result?: Json;
  errorOutput?: Json;
  mapItem?: { index: number; value: Json };
  taskToken?: string;
}

/** Unit: bytes of UTF-8, of one variable and of all that one Assign sets. Source: Step Functions guide, "Service quotas". */
const assignBytesMax = 262_144;
/** Unit: bytes of UTF-8, of all variables an execution holds. Source: the same page. */
const variablesBytesMax = 10 * 1024 * 1024;

export function usesJsonata(turn: Turn, state: State): boolean {
  return (state.QueryLanguage ?? turn.definition.QueryLanguage) === "JSONata";
}

/** Fills one field of a frame's current state; a state in JSONPath mode has literals only. */
export async function fillField(
  turn: Turn,
  frame: FrameDocument,
  state: State,
  template: Json,
  location: string,
  extra: Extra = {},
): Promise<Json> {
  return usesJsonata(turn, state) ? fill(template, bindings(turn, frame, state, extra), location) : template;
}

/**
 * A field that must become a number within its bounds, such as `Seconds` or `MaxConcurrency`. What AWS says of a number
 * outside them is not published; the error is the one of every other wrong result.
 * @throws {QueryEvaluationError}
 */
export async function countField(
  turn: Turn,
  frame: FrameDocument,
  state: State,
  field: string,
  value: number | string | undefined,
  extra: Extra = {},
): Promise<number | undefined> {
  if (typeof value !== "string") return value;
  const source = expressionIn(value) ?? value;
  const result = await evaluate(source, bindings(turn, frame, state, extra), field);
  if (typeof result !== "number") throw unexpectedType(source, field, "number", result);
  const rule = stateNumbers[field];
  if (rule && !isWithin(result, rule)) {
    throw new QueryEvaluationError(
      `The JSONata expression '${source}' specified for the field '${field}' returned ${result}, which is not within ${rule.min} and ${rule.max}.`,
      field,
    );
  }
  return result;
}

/** A field that must become text, such as the Error and Cause of a Fail state. */
export async function textField(
  turn: Turn,
  frame: FrameDocument,
  state: State,
  field: string,
  value: string | undefined,
): Promise<string | undefined> {
  if (value === undefined) return undefined;
  const filled = await fillField(turn, frame, state, value, field);
  if (typeof filled !== "string") throw unexpectedType(expressionIn(value) ?? value, field, "string", filled);
  return filled;
}

/** What every expression of a state can read. */
export function bindings(turn: Turn, frame: FrameDocument, state: State, extra: Extra): Record<string, unknown> {
  const states: Record<string, unknown> = { input: frame.input, context: contextObject(turn, frame, state, extra) };
  if (extra.result !== undefined) states["result"] = extra.result;
  if (extra.errorOutput !== undefined) states["errorOutput"] = extra.errorOutput;
  return { ...awsFunctions(turn.kernel.clock, turn.kernel.random), ...visibleVariables(turn, frame), states };
}

/** What the paths of a state in JSONPath mode begin with. */
export function pathRoots(turn: Turn, frame: FrameDocument, state: State, extra: Extra = {}): Record<string, Json> {
  return { ...visibleVariables(turn, frame), "": frame.input, $: contextObject(turn, frame, state, extra) };
}

/** Variables of the frame and of the scopes around it; the inner one wins. */
function visibleVariables(turn: Turn, frame: FrameDocument): Record<string, Json> {
  const outer = frame.parent === undefined ? undefined : turn.frame(frame.parent.frameId);
  return { ...(outer ? visibleVariables(turn, outer) : {}), ...frame.variables };
}

/** `$states.context`. Source of members and order: AWS's recordings; guide, "Accessing execution data from the Context object". */
function contextObject(turn: Turn, frame: FrameDocument, state: State, extra: Extra): JsonObject {
  const { execution } = turn;
  const retried = state.Type === "Task" || state.Type === "Map" || state.Type === "Parallel";
  const item = extra.mapItem ?? frame.mapItem;
  return {
    Execution: {
      Id: execution.arn,
      Input: turn.executionInput,
      StartTime: new Date(execution.startMs).toISOString(),
      Name: execution.name,
      RoleArn: execution.roleArn,
      RedriveCount: execution.redriveCount ?? 0,
      ...(execution.redrivenMs === undefined ? {} : { RedriveTime: new Date(execution.redrivenMs).toISOString() }),
    },
    StateMachine: { Id: execution.stateMachineArn, Name: execution.stateMachineName },
    State: {
      Name: frame.state,
      EnteredTime: new Date(frame.entered.atMs).toISOString(),
      ...(retried ? { RetryCount: frame.retryCount } : {}),
    },
    ...(item === undefined ? {} : { Map: { Item: { Index: item.index, Value: item.value } } }),
    ...(extra.taskToken === undefined ? {} : { Task: { Token: extra.taskToken } }),
  };
}

/**
 * The values an Assign sets; all of them read the variables as they were before.
 * @throws {StateFailure} States.DataLimitExceeded
 */
export async function assignments(
  turn: Turn,
  frame: FrameDocument,
  state: State,
  assign: Record<string, Json> | undefined,
  location: string,
  extra: Extra,
): Promise<Record<string, Json>> {
  let values: Record<string, Json> = {};
  if (usesJsonata(turn, state)) {
    for (const [name, template] of Object.entries(assign ?? {})) {
      values[name] = await fillField(turn, frame, state, template, `${location}/${name}`, extra);
    }
  } else values = fillPaths(assign ?? {}, pathRoots(turn, frame, state)) as Record<string, Json>;
  if (byteLength(JSON.stringify(values)) > assignBytesMax) {
    throw new StateFailure(
      "States.DataLimitExceeded",
      `The variables assigned by the state '${frame.state}' exceed the maximum number of bytes service limit.`,
    );
  }
  return values;
}

/**
 * Sets variables of a frame's scope.
 * @throws {StateFailure} States.DataLimitExceeded
 */
export function setVariables(turn: Turn, frame: FrameDocument, assigned: Record<string, Json>): void {
  if (Object.keys(assigned).length === 0) return;
  const variables = { ...frame.variables, ...assigned };
  const variableBytes = byteLength(JSON.stringify(variables));
  const others = turn.frameIds().filter((id) => id !== frame.id);
  const total = others.reduce((sum, id) => sum + (turn.frame(id)?.variableBytes ?? 0), variableBytes);
  if (total > variablesBytesMax) {
    throw new StateFailure(
      "States.DataLimitExceeded",
      "The variables of the execution exceed the maximum number of bytes service limit.",
    );
  }
  frame.variables = variables;
  frame.variableBytes = variableBytes;
}
