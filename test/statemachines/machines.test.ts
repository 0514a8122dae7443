import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import * as errors from "../../shared/errors.ts";

interface Catcher {
  ErrorEquals: string[];
  Next?: string;
}
interface State {
  Type: string;
  Comment?: string;
  Next?: string;
  End?: boolean;
  Default?: string;
  /** Computed where it stands in the spec. */
  TimeoutSeconds?: number | string;
  Choices?: { Next: string }[];
  Catch?: Catcher[];
  Retry?: Catcher[];
  Resource?: string;
  Arguments?: { FunctionName?: { "Fn::GetAtt": [string, string] }; Payload?: Record<string, unknown> };
  ItemProcessor?: Machine;
}
interface Machine {
  Comment?: string;
  QueryLanguage?: string;
  StartAt: string;
  TimeoutSeconds?: number;
  States: Record<string, State>;
}

const names = ["deploy", "rollback", "refresh", "sweep"];
const machines = names.map((name) => ({
  name,
  machine: parse(readFileSync(new URL(`../../statemachines/${name}.asl.yaml`, import.meta.url), "utf8")) as Machine,
}));

/** Every state of a machine, those inside a Map included. */
function allStates(machine: Machine): [string, State][] {
  return Object.entries(machine.States).flatMap(([name, state]) => [
    [name, state] as [string, State],
    ...(state.ItemProcessor ? allStates(state.ItemProcessor) : []),
  ]);
}

/** Where a state may go next. */
function successors(state: State): string[] {
  const next = [state.Next, state.Default, ...(state.Choices ?? []).map((choice) => choice.Next)];
  return [...next, ...(state.Catch ?? []).map((catcher) => catcher.Next)].filter((name) => name !== undefined);
}

function reachable(machine: Machine, from: string): Set<string> {
  const seen = new Set<string>();
  const queue = [from];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const state = machine.States[name];
    if (state) queue.push(...successors(state));
  }
  return seen;
}

const exported = new Set(
  Object.values(errors).flatMap((value) => {
    if (
      typeof value !== "function" ||
      !/class/.test(Function.prototype.toString.call(value)) ||
      value === errors.KilnError
    )
      return [];
    const Class = value as unknown as new (what: string, fix: string) => Error;
    return [new Class("what", "fix").name];
  }),
);

const awsErrors =
  /^(States\.(ALL|Timeout|TaskFailed)|Lambda\.(ServiceException|AWSLambdaException|SdkClientException|TooManyRequestsException|Unknown)|Sandbox\.Timedout|Runtime\.ExitError|StepFunctions\.ExecutionAlreadyExistsException|Scheduler\.ConflictException)$/;

describe.each(machines)("the $name machine", ({ machine }) => {
  const states = allStates(machine);

  it("has a comment on itself and on every state", () => {
    expect(machine.Comment).toMatch(/./);
    expect(states.filter(([, state]) => !state.Comment).map(([name]) => name)).toEqual([]);
  });

  it("ends in time: a time-out for itself and for every task", () => {
    expect(machine.TimeoutSeconds).toBeGreaterThan(0);
    const endless = states.filter(([, state]) => state.Type === "Task" && !hasTimeout(state));
    expect(endless.map(([name]) => name)).toEqual([]);
  });

  it("speaks JSONata throughout", () => {
    expect(machine.QueryLanguage).toBe("JSONata");
  });

  it("names only errors that exist", () => {
    const named = states.flatMap(([, state]) =>
      [...(state.Retry ?? []), ...(state.Catch ?? [])].flatMap(({ ErrorEquals }) => ErrorEquals),
    );
    expect(named.filter((name) => !awsErrors.test(name) && !exported.has(name))).toEqual([]);
  });

  it("retries every task that can be throttled", () => {
    const tasks = states.filter(([, state]) => state.Type === "Task");
    expect(tasks.filter(([, state]) => (state.Retry ?? []).length === 0).map(([name]) => name)).toEqual([]);
  });

  it("has no state that cannot be reached, and none that leads nowhere", () => {
    expect(Object.keys(machine.States).filter((name) => !reachable(machine, machine.StartAt).has(name))).toEqual([]);
    const stuck = states.filter(
      ([, state]) => !["Succeed", "Fail"].includes(state.Type) && !state.End && successors(state).length === 0,
    );
    expect(stuck.map(([name]) => name)).toEqual([]);
  });

  it("names waits, choices and ends as what they are", () => {
    const waits = states.filter(([, state]) => state.Type === "Wait").map(([name]) => name);
    expect(waits.filter((name) => !/^Wait/.test(name))).toEqual([]);
    const choices = states.filter(([, state]) => state.Type === "Choice").map(([name]) => name);
    expect(choices.filter((name) => !/^(Is|Are)[A-Z]/.test(name))).toEqual([]);
  });
});

function hasTimeout({ TimeoutSeconds = 0 }: State): boolean {
  return typeof TimeoutSeconds === "string" ? /^\{%.*%\}$/.test(TimeoutSeconds) : TimeoutSeconds > 0;
}

describe("the deploy machine's way back", () => {
  const machine = machines.find(({ name }) => name === "deploy")?.machine as Machine;

  it("leads every failure between Admit and Settle through RestoreTraffic and ReapCandidate to SettleFailure", () => {
    for (const name of [
      "PrepareBase",
      "BakeImage",
      "WriteRanges",
      "LaunchFleet",
      "ValidateFleet",
      "CutOver",
      "Observe",
    ]) {
      expect(machine.States[name]?.Catch?.map((catcher) => catcher.Next)).toEqual(["RestoreTraffic"]);
    }
    expect(machine.States["RestoreTraffic"]?.Next).toBe("ReapCandidate");
    expect(reachable(machine, "ReapCandidate")).toContain("SettleFailure");
  });

  it("reaps no candidate before production has left it", () => {
    const before = Object.entries(machine.States).filter(([, state]) => successors(state).includes("ReapCandidate"));
    expect(before.map(([name]) => name).sort()).toEqual(["RestoreTraffic", "WaitForReaping"]);
  });

  it("undoes what nobody approves, asks a person once, and validates again what somebody approved", () => {
    const asked = machine.States["AwaitApproval"];
    expect(asked?.Catch?.map((catcher) => catcher.Next)).toEqual(["RestoreTraffic", "RestoreTraffic"]);
    expect(asked?.Retry?.flatMap(({ ErrorEquals }) => ErrorEquals)).not.toContain("States.Timeout");
    expect(asked?.Next).toBe("ValidateFleet");
  });

  it("moves traffic only to a fleet that was validated, and further only after a step was observed", () => {
    const before = Object.entries(machine.States).filter(([, state]) => successors(state).includes("CutOver"));
    expect(before.map(([name]) => name).sort()).toEqual(["IsFleetValid", "IsObserved", "WaitToMove"]);
  });
});

describe("handlers and machines together", () => {
  it("use every handler, and only handlers that exist", () => {
    const used = machines.flatMap(({ machine }) =>
      allStates(machine).flatMap(([, state]) => state.Arguments?.FunctionName?.["Fn::GetAtt"][0] ?? []),
    );
    // probe is asked by validate, so that the trial secret never stands in an execution's history.
    expect([...new Set(used)].sort()).toEqual([
      "admit",
      "bake",
      "base",
      "cutover",
      "launch",
      "reap",
      "settle",
      "validate",
    ]);
  });

  it("retry what passes by itself and nothing else", () => {
    const retried = new Set(
      machines.flatMap(({ machine }) =>
        allStates(machine).flatMap(([, state]) => (state.Retry ?? []).flatMap(({ ErrorEquals }) => ErrorEquals)),
      ),
    );
    expect([...exported].filter((name) => retried.has(name)).sort()).toEqual([
      "LedgerConflictError",
      "ThrottledError",
      "TransientError",
    ]);
  });
});
