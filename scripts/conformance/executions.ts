import type { DescribeExecutionCommandOutput, GetExecutionHistoryCommandOutput } from "@aws-sdk/client-sfn";
import { settle, VirtualClock } from "../../local/core/clock.ts";
import { noDelays } from "../../local/core/delays.ts";
import { type Caller, Kernel } from "../../local/core/kernel.ts";
import { settingsWith } from "../../local/core/settings.ts";
import { StepFunctionsService } from "../../local/step-functions/service.ts";
import { firstDifference, isObject, withParsedTexts } from "./compare.ts";
import { type RecordedEvent, registerRecordedServices } from "./recorded-services.ts";

/** One execution recorded on AWS. */
export interface RecordedExecution {
  name: string;
  /** False when some of its states speak JSONPath. */
  jsonataOnly: boolean;
  definition: unknown;
  input: unknown;
  history: RecordedEvent[];
}

/** Timers one execution may use up; a recording has at most some hundred events. */
const stepsMax = 10_000;

/** Runs a recorded execution on the embedded cloud; returns the first difference, or undefined when all is the same. */
export async function checkExecution(recorded: RecordedExecution): Promise<string | undefined> {
  try {
    return await compareRun(recorded);
  } catch (error) {
    return (error as Error).message;
  }
}

async function compareRun(recorded: RecordedExecution): Promise<string | undefined> {
  const clock = new VirtualClock();
  const kernel = new Kernel(settingsWith({ accountId: "111111111111", delays: noDelays }), clock);
  kernel.judge = () => undefined;
  kernel.register(new StepFunctionsService(kernel));
  const roleArn = "arn:aws:iam::111111111111:role/recorded";
  const role = { AssumedRoleUser: { Arn: "arn:aws:sts::111111111111:assumed-role/recorded/session" } };
  kernel.register({ id: "sts", operations: { AssumeRole: { permissions: () => [], run: () => role } } });
  await registerRecordedServices(kernel, recorded.history);
  await kernel.start();
  const { executionArn } = await start(kernel, recorded, roleArn);
  const described = await runToEnd(kernel, clock, executionArn);
  const history = await ask<GetExecutionHistoryCommandOutput>(kernel, "GetExecutionHistory", {
    executionArn,
    maxResults: 1000,
  });
  const events = (history.events ?? []).map((event) => withParsedTexts(event));
  return compareEvents(recorded.history, events) ?? compareEnd(recorded.history, described);
}

async function start(kernel: Kernel, recorded: RecordedExecution, roleArn: string): Promise<{ executionArn: string }> {
  const { stateMachineArn } = await ask<{ stateMachineArn: string }>(kernel, "CreateStateMachine", {
    name: "recorded",
    definition: JSON.stringify(recorded.definition),
    roleArn,
  });
  return ask(kernel, "StartExecution", { stateMachineArn, input: JSON.stringify(recorded.input) });
}

async function runToEnd(
  kernel: Kernel,
  clock: VirtualClock,
  executionArn: string,
): Promise<DescribeExecutionCommandOutput> {
  for (let step = 0; step < stepsMax; step++) {
    await settle();
    const described = await ask<DescribeExecutionCommandOutput>(kernel, "DescribeExecution", { executionArn });
    if (described.status !== "RUNNING") return described;
    if (!clock.step()) throw new Error("the execution waits for something that never comes");
  }
  throw new Error(`the execution did not end within ${stepsMax} steps`);
}

function ask<T>(kernel: Kernel, operation: string, input: unknown): Promise<T> {
  const caller: Caller = {
    kind: "user",
    name: "conformance",
    arn: `arn:aws:iam::${kernel.settings.accountId}:user/conformance`,
    accountId: kernel.settings.accountId,
  };
  return kernel.call<T>("states", operation, input, caller);
}

function compareEvents(recorded: readonly RecordedEvent[], actual: readonly unknown[]): string | undefined {
  for (const [index, event] of recorded.entries()) {
    if (index >= actual.length) return `event ${index + 1}: recorded ${event.type}, got nothing`;
    const difference = firstDifference(withParsedTexts(event), actual[index]);
    if (difference !== undefined) return `event ${index + 1} (${event.type})${difference}`;
  }
  return actual.length > recorded.length ? `recorded ${recorded.length} events, got ${actual.length}` : undefined;
}

/** DescribeExecution must agree with the last recorded event. */
function compareEnd(recorded: readonly RecordedEvent[], described: DescribeExecutionCommandOutput): string | undefined {
  const last = recorded.at(-1);
  const details = Object.values(last ?? {}).find(isObject) ?? {};
  const status = last?.type === "ExecutionTimedOut" ? "TIMED_OUT" : last?.type.replace("Execution", "").toUpperCase();
  const { output, error, cause } = details;
  // The event names States.Timeout; whether the description does is not recorded.
  const told = status === "TIMED_OUT" ? { status } : { status, output, error, cause };
  const expected = Object.fromEntries(Object.entries(told).filter(([, v]) => v !== undefined));
  const actual = Object.fromEntries(
    ["status", "output", "error", "cause"].flatMap((name) => {
      const value = described[name as keyof DescribeExecutionCommandOutput];
      return value === undefined ? [] : [[name, withParsedTexts(value)]];
    }),
  );
  const difference = firstDifference(withParsedTexts(expected), actual);
  return difference === undefined ? undefined : `DescribeExecution${difference}`;
}
