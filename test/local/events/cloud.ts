import type { AwsError } from "../../../local/core/aws-error.ts";
import { VirtualClock } from "../../../local/core/clock.ts";
import { type Delays, noDelays } from "../../../local/core/delays.ts";
import { type Caller, Kernel, type Operation, type Service } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";

export const person: Caller = {
  kind: "user",
  arn: "arn:aws:iam::123456789012:user/someone",
  accountId: "123456789012",
  name: "someone",
};

/** A call that a stubbed service received. */
export interface Received {
  operation: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at members of many inputs.
  input: any;
  caller: Caller;
  atMs: number;
}

/** A kernel with stubbed services that note what they are called with; `answer` may throw. */
export async function cloudWith(register: (kernel: Kernel) => void, delays: Partial<Delays> = {}) {
  const clock = new VirtualClock();
  const logged: string[] = [];
  const settings = settingsWith({
    endpoint: "http://127.0.0.1:4566",
    delays: { ...noDelays, ...delays },
    log: (line) => logged.push(line),
  });
  const kernel = new Kernel(settings, clock);
  kernel.judge = () => undefined;
  register(kernel);
  const stub = (id: string, answers: Record<string, (input: unknown, caller: Caller) => unknown>): Received[] => {
    const received: Received[] = [];
    const operations = Object.entries(answers).map(([operation, answer]): [string, Operation] => [
      operation,
      {
        run: (input, { caller }) => {
          received.push({ operation, input, caller, atMs: clock.now() });
          return answer(input, caller);
        },
      },
    ]);
    const service: Service = { id, operations: Object.fromEntries(operations) };
    kernel.register(service);
    return received;
  };
  await kernel.start();
  const on =
    (service: string) =>
    // biome-ignore lint/suspicious/noExplicitAny: tests look at members of many outputs.
    (operation: string, input: object): Promise<any> =>
      kernel.call(service, operation, input, person);
  return { clock, kernel, stub, on, logged };
}

/** STS that lets anyone into a role. */
export const trustingSts = {
  AssumeRole: (input: unknown) => {
    const { RoleArn, RoleSessionName } = input as { RoleArn: string; RoleSessionName: string };
    const name = RoleArn.split("/").at(-1);
    return { AssumedRoleUser: { Arn: `arn:aws:sts::123456789012:assumed-role/${name}/${RoleSessionName}` } };
  },
};

export async function refused(answer: Promise<unknown>): Promise<AwsError> {
  return answer.then(
    () => {
      throw new Error("the call was expected to be refused");
    },
    (error) => error,
  );
}
