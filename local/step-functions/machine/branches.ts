import type { MapState, ParallelState, State } from "../language/definition.ts";
import { containerAt } from "../language/definition.ts";
import { evaluate, expressionIn, unexpectedType } from "../language/expression.ts";
import type { Json } from "../language/json.ts";
import { QueryEvaluationError, type StateError } from "../language/state-error.ts";
import { guarded, leave, ownRule, planStep, stateOf } from "./control.ts";
import type { ChildrenDocument, FrameDocument } from "./documents.ts";
import { failState } from "./failure.ts";
import { bindings, countField, fillField, usesJsonata } from "./scope.ts";
import { abandonTask } from "./task.ts";
import type { Turn } from "./turn.ts";

/** Iterations of an inline Map that run at once when nothing else is said. Source: guide, "Using Map state in Inline mode". */
const inlineConcurrencyMax = 40;

/** Starts the branches of a Parallel; they share its input. */
export async function startParallel(turn: Turn, frame: FrameDocument, state: ParallelState): Promise<void> {
  const input =
    state.Arguments === undefined ? frame.input : await fillField(turn, frame, state, state.Arguments, "Arguments");
  turn.follow(frame, "ParallelStateStarted");
  const items = state.Branches.map(() => input);
  await begin(turn, frame, { items, maxConcurrency: items.length });
}

/** Starts the first iterations of a Map. */
export async function startMap(turn: Turn, frame: FrameDocument, state: MapState): Promise<void> {
  const items = await itemsOf(turn, frame, state);
  const count = (field: "MaxConcurrency" | "ToleratedFailureCount" | "ToleratedFailurePercentage") =>
    countField(turn, frame, state, field, state[field]);
  const concurrency = (await count("MaxConcurrency")) || inlineConcurrencyMax;
  const toleratedCount = await count("ToleratedFailureCount");
  const toleratedPercentage = await count("ToleratedFailurePercentage");
  turn.follow(frame, "MapStateStarted", { length: items.length });
  await begin(turn, frame, {
    items,
    maxConcurrency: Math.min(concurrency, inlineConcurrencyMax),
    ...(toleratedCount === undefined ? {} : { toleratedCount }),
    ...(toleratedPercentage === undefined ? {} : { toleratedPercentage }),
  });
}

async function itemsOf(turn: Turn, frame: FrameDocument, state: MapState): Promise<Json[]> {
  const { Items: template } = state;
  if (template === undefined) {
    if (Array.isArray(frame.input)) return frame.input as Json[];
    throw new QueryEvaluationError(`Map state input must be an array but was: ${JSON.stringify(frame.input)}`);
  }
  if (typeof template !== "string") return (await fillField(turn, frame, state, template, "Items")) as Json[];
  const source = expressionIn(template) ?? template;
  const items = await evaluate(source, bindings(turn, frame, state, {}), "Items");
  if (!Array.isArray(items)) throw unexpectedType(source, "Items", "array", items);
  return items as Json[];
}

type Plan = Pick<ChildrenDocument, "items" | "maxConcurrency" | "toleratedCount" | "toleratedPercentage">;

async function begin(turn: Turn, frame: FrameDocument, plan: Plan): Promise<void> {
  frame.phase = "children";
  frame.children = { ...plan, nextIndex: 0, running: [], results: [], failed: 0 };
  await startMore(turn, frame, frame.previousEventId);
  if (plan.items.length === 0) await finish(turn, frame);
}

/** Starts as many further branches or iterations as may run, each following `previousEventId`. */
async function startMore(turn: Turn, frame: FrameDocument, previousEventId: number): Promise<void> {
  const { children } = frame;
  const state = stateOf(turn, frame);
  if (!children) return;
  while (children.nextIndex < children.items.length && children.running.length < children.maxConcurrency) {
    const index = children.nextIndex;
    children.nextIndex += 1;
    const child = await addChild(turn, frame, state, index, previousEventId);
    children.running.push(child.id);
    planStep(turn, child, turn.nowMs + turn.kernel.settings.delays.transitionSeconds * 1000);
  }
}

async function addChild(
  turn: Turn,
  frame: FrameDocument,
  state: State,
  index: number,
  previousEventId: number,
): Promise<FrameDocument> {
  const item = frame.children?.items[index] ?? null;
  const parent = { frameId: frame.id, index };
  const common = { parent, previousEventId, ...(frame.mapItem === undefined ? {} : { mapItem: frame.mapItem }) };
  if (state.Type !== "Map") {
    const container = [...frame.container, frame.state, index];
    return turn.addFrame({ ...common, container, state: containerAt(turn.definition, container).StartAt, input: item });
  }
  const mapItem = { index, value: item };
  const input =
    state.ItemSelector === undefined || !usesJsonata(turn, state)
      ? item
      : await fillField(turn, frame, state, state.ItemSelector, "ItemSelector", { mapItem });
  const container = [...frame.container, frame.state];
  const started = turn.record("MapIterationStarted", previousEventId, { name: frame.state, index });
  return turn.addFrame({
    ...common,
    container,
    state: containerAt(turn.definition, container).StartAt,
    input,
    mapItem,
    previousEventId: started,
  });
}

/** A branch or iteration ended well. */
export async function childSucceeded(turn: Turn, child: FrameDocument, output: Json): Promise<void> {
  const frame = parentOf(turn, child);
  const children = frame.children;
  if (!children || !child.parent) return;
  const last = child.previousEventId;
  const isMap = stateOf(turn, frame).Type === "Map";
  const ended = isMap
    ? turn.record("MapIterationSucceeded", last, { name: frame.state, index: child.parent.index })
    : last;
  children.results.push({ index: child.parent.index, output });
  dismiss(turn, frame, child);
  await guarded(turn, frame, async () => {
    await startMore(turn, frame, last);
    if (children.running.length > 0) return;
    frame.previousEventId = ended;
    await finish(turn, frame);
  });
}

/** A branch or iteration failed; unless the Map tolerates it, everything beside it ends too. */
export async function childFailed(turn: Turn, child: FrameDocument, error: StateError): Promise<void> {
  const frame = parentOf(turn, child);
  const state = stateOf(turn, frame);
  const children = frame.children;
  if (!children || !child.parent) return;
  const last = child.previousEventId;
  if (state.Type === "Map") {
    turn.record("MapIterationFailed", last, { name: frame.state, index: child.parent.index });
  }
  if (stateOf(turn, child).Type === "Task") turn.record("TaskStateAborted", last);
  children.failed += 1;
  dismiss(turn, frame, child);
  if (tolerates(children)) {
    return guarded(turn, frame, async () => {
      await startMore(turn, frame, last);
      if (children.running.length > 0) return;
      frame.previousEventId = last;
      await finish(turn, frame);
    });
  }
  frame.previousEventId = last;
  await failState(turn, frame, limited(children) ? toleranceError(children) : error);
}

function limited(children: ChildrenDocument): boolean {
  return children.toleratedCount !== undefined || children.toleratedPercentage !== undefined;
}

/** Both limits hold where both are given. Source: states-language.net/spec.html, "Failure tolerance". */
function tolerates(children: ChildrenDocument): boolean {
  const { failed, toleratedCount = 0, toleratedPercentage = 0, items } = children;
  const withinCount = children.toleratedCount === undefined || failed <= toleratedCount;
  const withinPercentage =
    children.toleratedPercentage === undefined || (failed * 100) / items.length <= toleratedPercentage;
  return limited(children) && withinCount && withinPercentage;
}

function toleranceError(children: ChildrenDocument): StateError {
  return {
    error: "States.ExceedToleratedFailureThreshold",
    cause: `The specified tolerated failure threshold was exceeded: ${children.failed} of ${children.items.length} iterations failed`,
  };
}

/** All branches or iterations ended: their outputs, in order, are the result. Failed iterations that are tolerated leave none. */
async function finish(turn: Turn, frame: FrameDocument): Promise<void> {
  const state = stateOf(turn, frame);
  const results = [...(frame.children?.results ?? [])].sort((a, b) => a.index - b.index).map(({ output }) => output);
  turn.record(`${state.Type}StateSucceeded`, frame.previousEventId);
  turn.rebase(frame);
  await guarded(turn, frame, () => leave(turn, frame, ownRule(state), results, { result: results }));
}

/** Ends whatever still runs under a frame, recording it as following `previousEventId`. */
export function abortChildren(turn: Turn, frame: FrameDocument, previousEventId: number): void {
  const isMap = stateOf(turn, frame).Type === "Map";
  for (const id of frame.children?.running ?? []) {
    const child = turn.frame(id);
    if (!child) continue;
    if (isMap)
      turn.record("MapIterationAborted", previousEventId, { name: frame.state, index: child.parent?.index ?? 0 });
    abandonTask(turn, child);
    abortChildren(turn, child, previousEventId);
    const { Type: type } = stateOf(turn, child);
    const aborts =
      child.phase !== "enter" && (type === "Task" || type === "Wait" || type === "Map" || type === "Parallel");
    if (aborts) turn.record(`${type}StateAborted`, previousEventId);
    turn.removeFrame(id);
  }
  delete frame.children;
}

function dismiss(turn: Turn, frame: FrameDocument, child: FrameDocument): void {
  if (frame.children) frame.children.running = frame.children.running.filter((id) => id !== child.id);
  turn.removeFrame(child.id);
}

function parentOf(turn: Turn, child: FrameDocument): FrameDocument {
  const frame = child.parent === undefined ? undefined : turn.frame(child.parent.frameId);
  if (!frame) throw new Error(`the frame around ${child.id} is gone`);
  return frame;
}
