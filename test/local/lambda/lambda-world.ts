import { VirtualClock } from "../../../local/core/clock.ts";
import { noDelays } from "../../../local/core/delays.ts";
import { type Caller, Kernel, type Service } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { MemoryCodeFiles } from "../../../local/lambda/code-files.ts";
import type { FunctionRunner } from "../../../local/lambda/runner.ts";
import { LambdaService } from "../../../local/lambda/service.ts";
import { zipArchive } from "./zip-archive.ts";

export const administrator: Caller = {
  kind: "user",
  arn: "arn:aws:iam::123456789012:user/admin",
  accountId: "123456789012",
  name: "admin",
};

export const roleArn = "arn:aws:iam::123456789012:role/kiln/dev/worker";

/** A kernel with Lambda, a token service that lets every role be assumed, and logs that remember their messages. */
export function lambdaWorld(makeRunner: (clock: VirtualClock) => FunctionRunner) {
  const clock = new VirtualClock();
  const kernel = new Kernel(settingsWith({ delays: { ...noDelays }, endpoint: "http://127.0.0.1:4566" }), clock);
  kernel.judge = () => undefined;
  const messages: string[] = [];
  const streams: string[] = [];
  const sts: Service = {
    id: "sts",
    operations: {
      AssumeRole: {
        run: (input) => ({
          Credentials: {
            AccessKeyId: "ASIATEST",
            SecretAccessKey: "secret",
            SessionToken: "token",
            Expiration: new Date(clock.now() + 3_600_000),
          },
          AssumedRoleUser: { Arn: `arn:aws:sts::123456789012:assumed-role/worker/${input.RoleSessionName}` },
        }),
      },
    },
  };
  const logs: Service = {
    id: "logs",
    operations: {
      PutLogEvents: {
        run: (input) => {
          streams.push(input.logStreamName);
          for (const event of input.logEvents) messages.push(event.message);
          return {};
        },
      },
    },
  };
  const runner = makeRunner(clock);
  const lambda = new LambdaService(kernel, { runner, code: new MemoryCodeFiles() });
  for (const service of [sts, logs, lambda]) kernel.register(service);
  const call = <O = Record<string, unknown>>(operation: string, input: object, caller: Caller = administrator) =>
    kernel.call<O>("lambda", operation, input, caller);
  return { clock, kernel, lambda, runner, messages, streams, call };
}

/** Input of CreateFunction for a program of one file. */
export function functionInput(name: string, source: string, overrides: object = {}) {
  return {
    FunctionName: name,
    Role: roleArn,
    Runtime: "nodejs24.x",
    Handler: "functions/main.handler",
    Code: { ZipFile: zipArchive({ "functions/main.mjs": source }) },
    ...overrides,
  };
}

/** The payload of an Invoke answer, parsed. */
export function payloadOf(output: { Payload?: Uint8Array }): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(output.Payload));
}
