import type { AwsError } from "../../../local/core/aws-error.ts";
import { VirtualClock } from "../../../local/core/clock.ts";
import { type AwsEvent, type Caller, Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { MemoryObjectFiles, type ObjectFiles } from "../../../local/s3/object-files.ts";
import { S3Service } from "../../../local/s3/service.ts";

export const person: Caller = {
  kind: "user",
  arn: "arn:aws:iam::123456789012:user/someone",
  accountId: "123456789012",
  name: "someone",
};

/** A cloud with S3 alone, in memory, on a clock that moves only when told to. */
export async function s3Cloud(files: ObjectFiles = new MemoryObjectFiles()) {
  const clock = new VirtualClock();
  const kernel = new Kernel(settingsWith({ log: (line) => logged.push(line) }), clock);
  const logged: string[] = [];
  kernel.judge = () => undefined;
  const service = new S3Service(kernel, files);
  kernel.register(service);
  await kernel.start();
  const events: AwsEvent[] = [];
  kernel.on("aws.event", (event) => events.push(event));
  // biome-ignore lint/suspicious/noExplicitAny: tests look at members of many outputs.
  const call = (operation: string, input: object): Promise<any> => kernel.call("s3", operation, input, person);
  const refusal = (operation: string, input: object): Promise<AwsError> =>
    call(operation, input).then(
      () => {
        throw new Error(`${operation} was expected to be refused`);
      },
      (error) => error,
    );
  return { kernel, clock, service, files, events, call, refusal, logged };
}

export async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  return (await bytesOf(body)).toString();
}

export async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
