import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HistoryEvent } from "@aws-sdk/client-sfn";
import fc from "fast-check";
import { expect, it } from "vitest";
import { VirtualClock } from "../../../local/core/clock.ts";
import { FunctionFailure, invoke, startCloud } from "./cloud.ts";

/** A small program on a number, which a machine can run and a page of code can judge. */
type Node =
  | { kind: "add"; amount: number }
  | { kind: "wait"; seconds: number }
  | { kind: "fail" }
  | { kind: "remember" }
  | { kind: "recall" }
  | { kind: "choice"; above: number; taken: Node[] }
  | { kind: "parallel"; branches: Node[][]; catches: boolean }
  | { kind: "map"; body: Node[]; concurrency: number; tolerated: number };

const small = fc.integer({ min: -3, max: 3 });

const { program } = fc.letrec<{ program: Node[]; node: Node }>((tie) => ({
  program: fc.array(tie("node"), { minLength: 1, maxLength: 4, depthIdentifier: "program" }),
  node: fc.oneof(
    { maxDepth: 3, depthIdentifier: "program" },
    small.map((amount) => ({ kind: "add" as const, amount })),
    fc.integer({ min: 1, max: 5 }).map((seconds) => ({ kind: "wait" as const, seconds })),
    fc.constant({ kind: "fail" as const }),
    fc.constant({ kind: "remember" as const }),
    fc.constant({ kind: "recall" as const }),
    fc.record({ kind: fc.constant("choice" as const), above: small, taken: tie("program") }),
    fc.record({
      kind: fc.constant("parallel" as const),
      branches: fc.array(tie("program"), { minLength: 1, maxLength: 3 }),
      catches: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant("map" as const),
      body: tie("program"),
      concurrency: fc.integer({ min: 0, max: 2 }),
      tolerated: fc.integer({ min: 0, max: 1 }),
    }),
  ),
}));

class Failed extends Error {}

/** What a program makes of a number; `kept` is a variable of the scope it runs in. With luck nothing fails. */
function judge(nodes: readonly Node[], input: number, lucky = false, outer?: number): number {
  let value = input;
  let kept = outer;
  for (const node of nodes) {
    if (node.kind === "add") value += node.amount;
    if (node.kind === "fail" && !lucky) throw new Failed();
    if (node.kind === "remember") kept = value;
    if (node.kind === "recall") value = kept ?? 0;
    if (node.kind === "choice" && value > node.above) return judge(node.taken, value, lucky, kept);
    if (node.kind === "parallel") value = parallel(node, value, lucky, kept);
    if (node.kind === "map") value = map(node, value, lucky, kept);
  }
  return value;
}

function parallel(node: Node & { kind: "parallel" }, value: number, lucky: boolean, kept?: number): number {
  try {
    return node.branches.map((branch) => judge(branch, value, lucky, kept)).reduce((sum, one) => sum + one, 0);
  } catch (error) {
    if (node.catches && error instanceof Failed) return -1;
    throw error;
  }
}

function map(node: Node & { kind: "map" }, value: number, lucky: boolean, kept?: number): number {
  let failures = 0;
  const results = [value, value + 1].flatMap((item) => {
    try {
      return [judge(node.body, item, lucky, kept)];
    } catch {
      failures += 1;
      return [];
    }
  });
  if (failures > node.tolerated) throw new Failed();
  return results.reduce((sum, one) => sum + one, 0);
}

interface Plan {
  /** The number of the next state: names are unique in the whole machine. */
  next: number;
  /** Whether a step that may fail is a task that fails at times, rather than a Fail, and nothing bears its failure. */
  flaky?: boolean;
}

/** The states of a program. Variables are named after their scope: `kept0`, `kept1`, … */
function container(nodes: readonly Node[], plan: Plan, depth = 0): { StartAt: string; States: object } {
  const States: Record<string, object> = {};
  const name = () => `S${plan.next++}`;
  const read = Array.from({ length: depth + 1 }, (_, index) => `$kept${depth - index}`);
  const recalled = read.reduceRight((rest, own) => `($exists(${own}) ? ${own} : ${rest})`, "0");
  const lay = (sequence: readonly Node[]): string => {
    const own = sequence.map(() => name());
    const end = name();
    States[end] = { Type: "Pass", End: true };
    for (const [index, node] of sequence.entries()) {
      const Next = own[index + 1] ?? end;
      States[own[index] ?? ""] = stateOf(node, Next, lay);
    }
    return own[0] ?? end;
  };
  const stateOf = (node: Node, Next: string, layBranch: (sequence: readonly Node[]) => string): object => {
    switch (node.kind) {
      case "add":
        return { Type: "Pass", Output: `{% $states.input + ${node.amount} %}`, Next };
      case "wait":
        return { Type: "Wait", Seconds: node.seconds, Next };
      case "fail":
        if (plan.flaky) return invoke("flaky", { Next });
        return { Type: "Choice", Choices: [{ Condition: true, Next: layFail() }], Default: Next };
      case "remember":
        return { Type: "Pass", Assign: { [`kept${depth}`]: "{% $states.input %}" }, Next };
      case "recall":
        return { Type: "Pass", Output: `{% ${recalled} %}`, Next };
      case "choice": {
        const Condition = `{% $states.input > ${node.above} %}`;
        return { Type: "Choice", Choices: [{ Condition, Next: layBranch(node.taken) }], Default: Next };
      }
      case "parallel": {
        const Branches = node.branches.map((branch) => container(branch, plan, depth + 1));
        const Catch = node.catches && !plan.flaky ? [{ ErrorEquals: ["States.ALL"], Output: "{% -1 %}", Next }] : [];
        return { Type: "Parallel", Branches, Catch, Output: "{% $sum($states.result) %}", Next };
      }
      case "map":
        return {
          Type: "Map",
          Items: "{% [$states.input, $states.input + 1] %}",
          ItemProcessor: container(node.body, plan, depth + 1),
          MaxConcurrency: node.concurrency,
          ...(plan.flaky ? {} : { ToleratedFailureCount: node.tolerated }),
          Output: "{% $sum($states.result) %}",
          Next,
        };
    }
  };
  const layFail = (): string => {
    const failing = name();
    States[failing] = { Type: "Fail", Error: "Sad" };
    return failing;
  };
  return { StartAt: lay(nodes), States };
}

/** What every history keeps to, whatever ran. */
function expectSound(events: readonly HistoryEvent[], status: string): void {
  const counts = new Map<string, number>();
  for (const [index, event] of events.entries()) {
    expect(event.id).toBe(index + 1);
    expect(event.previousEventId).toBeLessThan(event.id ?? 0);
    expect(event.timestamp?.getTime()).toBeGreaterThanOrEqual(events[index - 1]?.timestamp?.getTime() ?? 0);
    counts.set(String(event.type), (counts.get(String(event.type)) ?? 0) + 1);
  }
  const count = (...types: string[]) => types.reduce((sum, type) => sum + (counts.get(type) ?? 0), 0);
  expect(events[0]?.type).toBe("ExecutionStarted");
  expect(events.at(-1)?.type).toBe(status === "SUCCEEDED" ? "ExecutionSucceeded" : "ExecutionFailed");
  expect(count("MapIterationStarted")).toBe(
    count("MapIterationSucceeded", "MapIterationFailed", "MapIterationAborted"),
  );
  for (const type of ["Map", "Parallel"]) {
    expect(count(`${type}StateEntered`)).toBe(count(`${type}StateStarted`));
    expect(count(`${type}StateStarted`)).toBe(
      count(`${type}StateSucceeded`, `${type}StateFailed`, `${type}StateAborted`),
    );
  }
  expect(count("PassStateEntered")).toBe(count("PassStateExited", "PassStateAborted"));
}

async function check(nodes: Node[], input: number, killAfterSeconds?: number): Promise<void> {
  const stateDirectory = killAfterSeconds === undefined ? undefined : mkdtempSync(join(tmpdir(), "kiln-programs-"));
  try {
    let cloud = await startCloud({ ...(stateDirectory !== undefined && { stateDirectory }) });
    const executionArn = await cloud.start(container(nodes, { next: 0 }), input);
    if (stateDirectory !== undefined) {
      await cloud.clock.advance((killAfterSeconds ?? 0) * 1000);
      cloud = await startCloud({ stateDirectory, clock: new VirtualClock(cloud.clock.now()) });
    }
    const { status, output, error } = await cloud.finish(executionArn);
    let expected: unknown;
    try {
      expected = { status: "SUCCEEDED", output: JSON.stringify(judge(nodes, input)), error: undefined };
    } catch {
      expected = { status: "FAILED", output: undefined, error: expect.stringMatching(/^(Sad|States\..*)$/) };
    }
    expect({ status, output, error }).toEqual(expected);
    expectSound(await cloud.history(executionArn), status);
  } finally {
    if (stateDirectory !== undefined) rmSync(stateDirectory, { recursive: true, force: true });
  }
}

it("any program gives what its states mean, with a sound history", async () => {
  await fc.assert(
    fc.asyncProperty(program, small, (nodes, input) => check(nodes, input)),
    { numRuns: 60 },
  );
}, 120_000);

it("any program gives the same when the cloud is killed in the middle", async () => {
  await fc.assert(
    fc.asyncProperty(program, small, fc.integer({ min: 0, max: 6 }), (nodes, input, seconds) =>
      check(nodes, input, seconds),
    ),
    { numRuns: 20 },
  );
}, 120_000);

it("any program whose tasks fail at times gives, redriven until it succeeds, what it gives without failures", async () => {
  const outcomes = fc.array(fc.boolean(), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(program, small, outcomes, async (nodes, input, failures) => {
      const remaining = [...failures];
      const flaky = (payload: unknown) => {
        if (remaining.shift() === true) throw new FunctionFailure({ errorType: "Sad" });
        return payload;
      };
      const cloud = await startCloud({ functions: { flaky } });
      const executionArn = await cloud.start(container(nodes, { next: 0, flaky: true }), input);
      let described = await cloud.finish(executionArn);
      for (let redrives = 0; described.status === "FAILED" && redrives < 13; redrives++) {
        await cloud.call("RedriveExecution", { executionArn });
        described = await cloud.finish(executionArn);
      }
      expect(described).toMatchObject({ status: "SUCCEEDED", output: JSON.stringify(judge(nodes, input, true)) });
    }),
    { numRuns: 60 },
  );
}, 120_000);
