import type { HistoryEvent } from "@aws-sdk/client-sfn";
import { expect, it } from "vitest";
import { costOf } from "../../bench/deploy-cost/cost.ts";
import { useIn } from "../../bench/deploy-cost/invocations.ts";
import { transitionsOf } from "../../bench/deploy-cost/transitions.ts";
import { phaseTimes } from "../../bench/latency/phase-times.ts";

function entered(type: string, name: string, atSeconds = 0): HistoryEvent {
  const timestamp = new Date(atSeconds * 1000);
  return { timestamp, type: type as HistoryEvent["type"], id: 0, stateEnteredEventDetails: { name } };
}

function event(type: string, atSeconds = 0): HistoryEvent {
  return { timestamp: new Date(atSeconds * 1000), type: type as HistoryEvent["type"], id: 0 };
}

it("counts choices, waits and retries as transitions of the task before them", () => {
  const turns = transitionsOf([
    entered("TaskStateEntered", "BakeImage"),
    event("TaskScheduled"),
    event("TaskFailed"),
    event("TaskScheduled"),
    event("TaskSucceeded"),
    entered("ChoiceStateEntered", "IsImageReady"),
    entered("WaitStateEntered", "WaitForImage"),
    entered("TaskStateEntered", "BakeImage"),
    event("TaskScheduled"),
    entered("ChoiceStateEntered", "IsImageReady"),
    entered("SucceedStateEntered", "Live"),
  ]);
  expect(turns).toEqual([
    { state: "BakeImage", turns: 2, transitions: 6 },
    { state: "Live", turns: 1, transitions: 1 },
  ]);
});

it("prices what is billed and nothing else", () => {
  const calls = new Map([
    ["ebs:PutSnapshotBlock", 1000],
    ["ebs:CompleteSnapshot", 1],
    ["s3:PutObject", 1000],
    ["s3:GetObject", 1000],
    ["s3:DeleteObject", 1000],
    ["ec2:DescribeImages", 1000],
  ]);
  const lines = costOf({ transitions: 40, invocations: 0, gigabyteSeconds: 0, calls, logBytes: 1e9 });
  const charged = lines.filter(({ dollars }) => dollars > 0).map(({ price, dollars }) => [price.item, dollars]);
  expect(charged).toEqual([
    ["State transitions", 0.001],
    ["PutSnapshotBlock", 0.006],
    ["S3 PUT and LIST", 0.005],
    ["S3 GET and HEAD", 0.0004],
    ["CloudWatch Logs ingested", 0.5],
  ]);
});

it("reads Lambda's reports and weighs every log line", () => {
  const report = "REPORT RequestId: 1\tDuration: 5.10 ms\tBilled Duration: 106 ms\tMemory Size: 512 MB\t";
  const use = useIn("/aws/lambda/kiln-dev-launch", [
    `${report}Max Memory Used: 90 MB\tInit Duration: 100.00 ms`,
    `${report}Max Memory Used: 90 MB`,
    "REPORT of something else",
  ]);
  expect(use).toMatchObject({ name: "launch", invocations: 2, coldStarts: 1, memoryMegabytes: 512, billedMs: 212 });
  expect(use.logBytes).toBeGreaterThan(200);
});

it("tells how long each phase took, and how long of that its handler worked", () => {
  const phases = phaseTimes([
    event("ExecutionStarted", 0),
    entered("TaskStateEntered", "Admit", 1),
    event("TaskScheduled", 1),
    event("TaskSucceeded", 2),
    entered("ChoiceStateEntered", "IsAdmitted", 2),
    entered("WaitStateEntered", "WaitForTurn", 2),
    entered("TaskStateEntered", "Admit", 5),
    event("TaskScheduled", 5),
    event("TaskSucceeded", 7),
    entered("TaskStateEntered", "PrepareBase", 8),
  ]);
  expect(phases).toEqual([{ state: "Admit", enteredMs: 1000, leftMs: 8000, handlersMs: 3000 }]);
});
