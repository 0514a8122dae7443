import type { Outcome } from "../integrations/outcome.ts";
import { parseResource, type TaskResource } from "../integrations/resource.ts";
import type { TaskState } from "../language/definition.ts";
import { isObject, type Json } from "../language/json.ts";
import { fillPaths } from "../language/paths.ts";
import { type StateError, StateFailure } from "../language/state-error.ts";
import { guarded, leave, ownRule, stateOf } from "./control.ts";
import type { FrameDocument, TaskDocument } from "./documents.ts";
import { failState } from "./failure.ts";
import { countField, type Extra, fillField, pathRoots } from "./scope.ts";
import { payloadText, type Turn, withoutUndefined } from "./turn.ts";

/** Bytes of randomness in a task token; AWS's are opaque and at most 2,048 characters. */
const tokenHexDigits = 96;

/** The integration a frame's Task uses. */
export function resourceOf(turn: Turn, frame: FrameDocument): TaskResource {
  const state = stateOf(turn, frame);
  const resource = state.Type === "Task" ? parseResource(state.Resource) : undefined;
  if (!resource) throw new Error(`${frame.state} is no task this cloud can run`);
  return resource;
}

/** Makes the request of one attempt and plans it, its time-out and its heartbeat. */
export async function scheduleTask(turn: Turn, frame: FrameDocument, state: TaskState): Promise<void> {
  const resource = resourceOf(turn, frame);
  const token =
    resource.kind !== "function" && resource.pattern === "token"
      ? Buffer.from(turn.kernel.random.hex(tokenHexDigits), "hex").toString("base64")
      : undefined;
  const extra = token === undefined ? {} : { taskToken: token };
  const parameters = await parametersOf(turn, frame, state, extra);
  const timeoutSeconds = await countField(turn, frame, state, "TimeoutSeconds", state.TimeoutSeconds);
  const heartbeatSeconds = await countField(turn, frame, state, "HeartbeatSeconds", state.HeartbeatSeconds);
  const credentials = await credentialsOf(turn, frame, state);
  const task: TaskDocument = {
    attempt: turn.nextNumber(),
    parameters,
    started: false,
    submitted: false,
    ...withoutUndefined({ token, credentials, timeoutSeconds, heartbeatSeconds }),
  };
  recordScheduled(turn, frame, resource, task);
  frame.task = task;
  frame.phase = "task";
  turn.plan("invoke", frame.id, turn.nowMs, { attempt: task.attempt });
  if (timeoutSeconds !== undefined) {
    turn.plan("timeout", frame.id, turn.nowMs + timeoutSeconds * 1000, { attempt: task.attempt });
  }
  planHeartbeat(turn, frame, task);
}

/** What a task is called with: its input unless it says otherwise. */
async function parametersOf(turn: Turn, frame: FrameDocument, state: TaskState, extra: Extra): Promise<Json> {
  const { Arguments: args, Parameters: parameters } = state;
  if (args !== undefined) return fillField(turn, frame, state, args, "Arguments", extra);
  return parameters === undefined ? frame.input : fillPaths(parameters, pathRoots(turn, frame, state, extra));
}

/** Source: Step Functions guide, "Accessing resources in other AWS accounts". */
async function credentialsOf(
  turn: Turn,
  frame: FrameDocument,
  state: TaskState,
): Promise<TaskDocument["credentials"] | undefined> {
  if (state.Credentials === undefined) return undefined;
  const filled = await fillField(turn, frame, state, state.Credentials, "Credentials");
  const roleArn = isObject(filled) ? filled["RoleArn"] : undefined;
  return typeof roleArn === "string" ? { roleArn } : {};
}

function recordScheduled(turn: Turn, frame: FrameDocument, resource: TaskResource, task: TaskDocument): void {
  const limits = withoutUndefined({
    timeoutInSeconds: task.timeoutSeconds,
    heartbeatInSeconds: task.heartbeatSeconds,
    taskCredentials: task.credentials,
  });
  if (resource.kind === "function") {
    const input = payloadText(task.parameters, resource.functionArn);
    const details = { input, inputDetails: { truncated: false }, resource: resource.functionArn, ...limits };
    turn.follow(frame, "LambdaFunctionScheduled", details);
    return;
  }
  const parameters = payloadText(task.parameters, resource.resourceType);
  const region = turn.kernel.settings.region;
  turn.follow(frame, "TaskScheduled", { ...named(resource), parameters, region, ...limits });
}

function named(resource: TaskResource): { resourceType?: string; resource?: string } {
  return resource.kind === "function" ? {} : { resourceType: resource.resourceType, resource: resource.resource };
}

/** Event types differ between a Lambda ARN as the Resource and everything else. */
function eventType(resource: TaskResource, what: string): string {
  return `${resource.kind === "function" ? "LambdaFunction" : "Task"}${what}`;
}

/** The heartbeat runs from the request, then from each SendTaskHeartbeat. */
export function planHeartbeat(turn: Turn, frame: FrameDocument, task: TaskDocument): void {
  if (task.heartbeatSeconds === undefined) return;
  turn.plan("heartbeat", frame.id, turn.nowMs + task.heartbeatSeconds * 1000, { attempt: task.attempt });
}

/** Records that the request is being made; an attempt made again after a restart is recorded once. */
export function recordStarted(turn: Turn, frame: FrameDocument, task: TaskDocument): void {
  if (task.started) return;
  task.started = true;
  const resource = resourceOf(turn, frame);
  if (resource.kind === "function") turn.follow(frame, "LambdaFunctionStarted");
  else turn.follow(frame, "TaskStarted", named(resource));
}

/** The answer to the request itself. For a task that waits, a good answer only says that it was submitted. */
export async function requestAnswered(
  turn: Turn,
  frame: FrameDocument,
  task: TaskDocument,
  outcome: Outcome,
): Promise<void> {
  const resource = resourceOf(turn, frame);
  if (resource.kind === "function" || resource.pattern === "request") return settleTask(turn, frame, outcome);
  if (outcome.kind === "failed") {
    const { error, cause } = outcome;
    turn.follow(frame, "TaskSubmitFailed", { ...named(resource), ...withoutUndefined({ error, cause }) });
    return failState(turn, frame, outcome);
  }
  task.submitted = true;
  const details = { ...named(resource), output: JSON.stringify(outcome.output), outputDetails: { truncated: false } };
  turn.follow(frame, "TaskSubmitted", details);
}

/** The task's end: its result or its error. */
export async function settleTask(turn: Turn, frame: FrameDocument, outcome: Outcome): Promise<void> {
  const resource = resourceOf(turn, frame);
  const end = outcome.kind === "succeeded" ? withinLimit(resource, outcome.output) : outcome;
  for (const kind of ["timeout", "heartbeat", "invoke"]) turn.unplan(kind, frame.id);
  if (end.kind === "failed") {
    const details = { ...named(resource), ...withoutUndefined({ error: end.error, cause: end.cause }) };
    turn.follow(frame, eventType(resource, "Failed"), details);
    return failState(turn, frame, end);
  }
  const details = { ...named(resource), output: JSON.stringify(end.output), outputDetails: { truncated: false } };
  turn.follow(frame, eventType(resource, "Succeeded"), details);
  turn.rebase(frame);
  const state = stateOf(turn, frame);
  await guarded(turn, frame, () => leave(turn, frame, ownRule(state), end.output, { result: end.output }));
}

function withinLimit(resource: TaskResource, output: Json): Outcome {
  try {
    payloadText(output, resource.kind === "function" ? resource.functionArn : resource.resourceType);
    return { kind: "succeeded", output };
  } catch (error) {
    if (!(error instanceof StateFailure)) throw error;
    return { kind: "failed", error: error.error, cause: error.message };
  }
}

/** The task took too long, or its worker fell silent. What it started goes on, unheard. */
export async function taskTimedOut(turn: Turn, frame: FrameDocument, silent: boolean): Promise<void> {
  const resource = resourceOf(turn, frame);
  abandonTask(turn, frame);
  // AWS's recordings name a missed heartbeat States.Timeout too; Retry and Catch may also say States.HeartbeatTimeout.
  const error: StateError = { error: "States.Timeout", ...(silent ? { alias: "States.HeartbeatTimeout" } : {}) };
  turn.follow(frame, eventType(resource, "TimedOut"), { ...named(resource), error: error.error });
  await failState(turn, frame, error);
}

/** Stops waiting for a task. A nested execution it waits for is stopped, as AWS does for `.sync`. */
export function abandonTask(turn: Turn, frame: FrameDocument): void {
  const childArn = frame.task?.childArn;
  if (childArn !== undefined) turn.plan("stop", childArn, turn.nowMs, { childArn });
  for (const kind of ["timeout", "heartbeat", "invoke"]) turn.unplan(kind, frame.id);
  delete frame.task;
}
