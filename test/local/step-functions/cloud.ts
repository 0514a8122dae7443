import type { GetExecutionHistoryCommandOutput, HistoryEvent } from "@aws-sdk/client-sfn";
import { settle, VirtualClock } from "../../../local/core/clock.ts";
import { type Delays, noDelays } from "../../../local/core/delays.ts";
import { type Caller, Kernel, type Requirement } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { StepFunctionsService } from "../../../local/step-functions/service.ts";

/** What a scripted function answers: a value is returned, a thrown FunctionFailure is its error. */
export type ScriptedFunction = (payload: unknown) => unknown;

export class FunctionFailure extends Error {
  readonly payload: unknown;
  constructor(payload: unknown) {
    super("the function failed");
    this.payload = payload;
  }
}

interface CloudOptions {
  functions?: Record<string, ScriptedFunction>;
  stateDirectory?: string;
  delays?: Partial<Delays>;
  clock?: VirtualClock;
  register?: (kernel: Kernel) => void;
}

const administrator: Caller = {
  kind: "user",
  name: "tester",
  arn: "arn:aws:iam::123456789012:user/tester",
  accountId: "123456789012",
};

export const roleArn = "arn:aws:iam::123456789012:role/engine";

/** Step Functions on a virtual clock, with functions that answer as a test scripts them. */
export async function startCloud(options: CloudOptions = {}) {
  const clock = options.clock ?? new VirtualClock();
  const kernel = new Kernel(
    settingsWith({ stateDirectory: options.stateDirectory, delays: { ...noDelays, ...options.delays } }),
    clock,
  );
  const judged: { caller: Caller; requirement: Requirement }[] = [];
  kernel.judge = (caller, requirement) => {
    judged.push({ caller, requirement });
    return undefined;
  };
  const invocations: { functionName: string; payload: unknown }[] = [];
  const role = { AssumedRoleUser: { Arn: "arn:aws:sts::123456789012:assumed-role/engine/session" } };
  kernel.register({ id: "sts", operations: { AssumeRole: { run: () => role } } });
  kernel.register({
    id: "lambda",
    operations: {
      Invoke: {
        run: async (input: { FunctionName: string; Payload?: Uint8Array }) => {
          const functionName = input.FunctionName.split(":").at(-1) ?? "";
          const payload: unknown = JSON.parse(Buffer.from(input.Payload ?? "{}").toString());
          invocations.push({ functionName, payload });
          return answerOf(options.functions?.[functionName], payload);
        },
      },
    },
  });
  options.register?.(kernel);
  kernel.register(new StepFunctionsService(kernel));
  await kernel.start();
  const call = <T = Record<string, unknown>>(operation: string, input: unknown) =>
    kernel.call<T>("states", operation, input, administrator);

  const create = async (definition: unknown, name = "machine"): Promise<string> => {
    const text = JSON.stringify({ QueryLanguage: "JSONata", ...(definition as object) });
    const { stateMachineArn } = await call<{ stateMachineArn: string }>("CreateStateMachine", {
      name,
      definition: text,
      roleArn,
    });
    return stateMachineArn;
  };
  const start = async (definition: unknown, input: unknown = {}): Promise<string> => {
    const stateMachineArn = await create(definition);
    const { executionArn } = await call<{ executionArn: string }>("StartExecution", {
      stateMachineArn,
      input: JSON.stringify(input),
    });
    return executionArn;
  };
  const describe = (executionArn: string) => call<Described>("DescribeExecution", { executionArn });
  const history = async (executionArn: string): Promise<HistoryEvent[]> => {
    const { events } = await call<GetExecutionHistoryCommandOutput>("GetExecutionHistory", {
      executionArn,
      maxResults: 1000,
    });
    return events ?? [];
  };
  /** Lets modelled time pass until the execution ends, at most `seconds`. */
  const finish = async (executionArn: string, seconds = 3600): Promise<Described> => {
    const untilMs = clock.now() + seconds * 1000;
    await settle();
    while ((await describe(executionArn)).status === "RUNNING" && clock.step(untilMs)) await settle();
    return describe(executionArn);
  };
  const run = async (definition: unknown, input: unknown = {}) => {
    const executionArn = await start(definition, input);
    const described = await finish(executionArn);
    return { executionArn, ...described, output: described.output && JSON.parse(described.output) };
  };
  return { kernel, clock, call, create, start, finish, run, describe, history, invocations, judged };
}

interface Described {
  status: string;
  output?: string;
  error?: string;
  cause?: string;
  stopDate?: Date;
  startDate: Date;
}

async function answerOf(scripted: ScriptedFunction | undefined, payload: unknown) {
  const bytes = (value: unknown) => Buffer.from(JSON.stringify(value ?? null));
  try {
    return { StatusCode: 200, ExecutedVersion: "$LATEST", Payload: bytes(await scripted?.(payload)) };
  } catch (error) {
    if (!(error instanceof FunctionFailure)) throw error;
    return { StatusCode: 200, FunctionError: "Unhandled", Payload: bytes(error.payload) };
  }
}

/** A task that invokes a function; further fields override. */
export function invoke(functionName: string, fields: Record<string, unknown> = { End: true }) {
  return {
    Type: "Task",
    Resource: "arn:aws:states:::lambda:invoke",
    Arguments: { FunctionName: functionName, Payload: "{% $states.input %}" },
    Output: "{% $states.result.Payload %}",
    ...fields,
  };
}

export function machine(states: Record<string, unknown>, fields: Record<string, unknown> = {}) {
  return { StartAt: Object.keys(states)[0], States: states, ...fields };
}

export function types(events: readonly HistoryEvent[]): string[] {
  return events.map(({ type }) => String(type));
}
