import type { HistoryEvent } from "@aws-sdk/client-sfn";
import { expect, test } from "vitest";
import type { Runs } from "../../../cli/aws/runs.ts";
import { follow, phaseLine } from "../../../cli/execution/follow.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000);

const events: HistoryEvent[] = [
  { id: 1, type: "ExecutionStarted", timestamp: at(0) },
  { id: 2, type: "TaskStateEntered", timestamp: at(0), stateEnteredEventDetails: { name: "Admit" } },
  { id: 3, type: "SucceedStateEntered", timestamp: at(4.04), stateEnteredEventDetails: { name: "Live" } },
  { id: 4, type: "ExecutionSucceeded", timestamp: at(5), executionSucceededEventDetails: { output: "{}" } },
];

/** Executions whose history grows by one event with each look; before some looks the connection breaks. */
function growing(breaks: number[] = []): Runs {
  let looks = 0;
  const read = async (_execution: string, afterId: number) => {
    looks += 1;
    if (breaks.includes(looks)) throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    return events.slice(afterId, looks);
  };
  return { events: read } as unknown as Runs;
}

test("tells each phase as it begins and sums up at the end", async () => {
  const told: string[] = [];
  const followed = await follow(growing(), "arn:e", {
    pollMs: 1,
    entered: (phase, atSeconds) => told.push(phaseLine("deploy", phase, atSeconds)),
  });
  expect(told).toEqual(["deploy      0.0 s  Admit", "deploy      4.0 s  Live"]);
  expect(followed).toMatchObject({ execution: "arn:e", seconds: 5, ending: { status: "SUCCEEDED", state: "Live" } });
  expect(followed.phases).toEqual([
    { state: "Admit", atSeconds: 0, seconds: 4, turns: 1, failures: 0 },
    { state: "Live", atSeconds: 4, seconds: 1, turns: 1, failures: 0 },
  ]);
});

test("goes on after a connection that broke, and tells nothing twice", async () => {
  const told: string[] = [];
  await follow(growing([1, 3, 4]), "arn:e", { pollMs: 1, entered: ({ state }) => told.push(state) });
  expect(told).toEqual(["Admit", "Live"]);
});

test("any other error ends it", async () => {
  const denied = Object.assign(new Error("no"), { name: "AccessDeniedException" });
  const runs = { events: async () => Promise.reject(denied) } as unknown as Runs;
  await expect(follow(runs, "arn:e", { pollMs: 1, entered: () => {} })).rejects.toBe(denied);
});
