import type { HistoryEvent, HistoryEventType } from "@aws-sdk/client-sfn";
import { expect, test } from "vitest";
import { ExecutionFold } from "../../../cli/execution/fold.ts";

const startMs = Date.UTC(2026, 0, 1);

/** Events with numbers in order, each at a second of the execution. */
function history(...events: [seconds: number, type: HistoryEventType, rest?: Partial<HistoryEvent>][]): HistoryEvent[] {
  return events.map(([seconds, type, rest], index) => ({
    id: index + 1,
    type,
    timestamp: new Date(startMs + seconds * 1000),
    ...rest,
  }));
}
const state = (name: string): Partial<HistoryEvent> => ({ stateEnteredEventDetails: { name } });

const waited = history(
  [0, "ExecutionStarted"],
  [0, "TaskStateEntered", state("Admit")],
  [2, "ChoiceStateEntered", state("IsAdmitted")],
  [2, "TaskStateEntered", state("BakeImage")],
  [3, "ChoiceStateEntered", state("IsImageReady")],
  [3, "WaitStateEntered", state("WaitForImage")],
  [8, "TaskStateEntered", state("BakeImage")],
  [9, "ChoiceStateEntered", state("IsImageReady")],
  [9, "SucceedStateEntered", state("Live")],
  [9.5, "ExecutionSucceeded", { executionSucceededEventDetails: { output: '{"status":"ready"}' } }],
);

test("folds a task with its choices, waits and further turns into one phase", () => {
  const fold = new ExecutionFold();
  fold.add(waited);
  expect(fold.phases.map(({ state, turns, enteredMs, leftMs }) => [state, turns, enteredMs, leftMs])).toEqual([
    ["Admit", 1, startMs, startMs + 2000],
    ["BakeImage", 2, startMs + 2000, startMs + 9000],
    ["Live", 1, startMs + 9000, startMs + 9500],
  ]);
  expect(fold.ending).toEqual({
    status: "SUCCEEDED",
    state: "Live",
    atMs: startMs + 9500,
    error: undefined,
    cause: undefined,
    output: { status: "ready" },
  });
});

test("counts what is done within the bake's wait as part of the bake", () => {
  const fold = new ExecutionFold();
  fold.add(
    history(
      [0, "TaskStateEntered", state("BakeImage")],
      [1, "ChoiceStateEntered", state("IsImageReady")],
      [1, "TaskStateEntered", state("PreFlight")],
      [2, "ChoiceStateEntered", state("IsImageReady")],
      [2, "WaitStateEntered", state("WaitForImage")],
      [7, "TaskStateEntered", state("BakeImage")],
      [8, "TaskStateEntered", state("LaunchFleet")],
    ),
  );
  expect(fold.phases.map(({ state, turns, enteredMs }) => [state, turns, enteredMs])).toEqual([
    ["BakeImage", 2, startMs],
    ["LaunchFleet", 1, startMs + 8000],
  ]);
});

test("tells a phase once, however the events are cut into pieces", () => {
  const fold = new ExecutionFold();
  const told = waited.flatMap((event) => fold.add([event]).map((phase) => phase.state));
  expect(told).toEqual(["Admit", "BakeImage", "Live"]);
  expect(fold.lastEventId).toBe(10);
});

test("counts attempts that failed and were tried again", () => {
  const fold = new ExecutionFold();
  fold.add(
    history(
      [0, "TaskStateEntered", state("LaunchFleet")],
      [
        1,
        "TaskFailed",
        { taskFailedEventDetails: { resourceType: "lambda", resource: "invoke", error: "ThrottledError" } },
      ],
      [
        3,
        "TaskTimedOut",
        { taskTimedOutEventDetails: { resourceType: "lambda", resource: "invoke", error: "States.Timeout" } },
      ],
      [5, "TaskSucceeded"],
    ),
  );
  expect(fold.phases).toMatchObject([{ state: "LaunchFleet", turns: 1, failures: 2, lastError: "States.Timeout" }]);
  expect(fold.ending).toBeUndefined();
});

test("names the end state, error and cause of a failed execution", () => {
  const fold = new ExecutionFold();
  fold.add(
    history(
      [0, "TaskStateEntered", state("Admit")],
      [1, "FailStateEntered", state("FailedClean")],
      [1, "ExecutionFailed", { executionFailedEventDetails: { error: "ArtifactRefusedError", cause: "Admit: no" } }],
    ),
  );
  expect(fold.ending).toMatchObject({
    status: "FAILED",
    state: "FailedClean",
    error: "ArtifactRefusedError",
    cause: "Admit: no",
  });
});

test("takes the end of one of a Map's iterations for no end of the execution", () => {
  const fold = new ExecutionFold();
  fold.add(
    history(
      [0, "ExecutionStarted"],
      [0, "MapStateEntered", state("WriteRanges")],
      [1, "TaskStateEntered", state("WriteRange")],
      [1, "TaskStateEntered", state("WriteRange")],
      [3, "SucceedStateEntered", state("RangeWritten")],
      [4, "TaskStateEntered", state("WriteRange")],
      [5, "SucceedStateEntered", state("RangeWritten")],
      [6, "MapStateExited"],
      [6, "SucceedStateEntered", state("Live")],
    ),
  );
  expect(fold.phases.map(({ state, turns }) => [state, turns])).toEqual([
    ["WriteRanges", 1],
    ["WriteRange", 3],
    ["Live", 1],
  ]);
});
