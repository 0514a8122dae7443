import { AwsError } from "../core/aws-error.ts";
import type { Caller, Kernel } from "../core/kernel.ts";

/** An event that could not be delivered, as its dead-letter queue receives it. */
export interface DeadLetter {
  queueArn: string;
  body: string;
  /** Message attributes, all text. */
  attributes: Record<string, string>;
}

/** The URL by which a queue of this cloud is addressed. */
export function queueUrl(kernel: Kernel, queueArn: string): string {
  const [, , , , account, name] = queueArn.split(":");
  return `${kernel.settings.endpoint}/${account}/${name}`;
}

/** Sends a dead letter. When the queue refuses it too the event is lost, as on AWS; the log says so. */
export async function sendDeadLetter(kernel: Kernel, letter: DeadLetter, caller: Caller): Promise<void> {
  const MessageAttributes = Object.fromEntries(
    Object.entries(letter.attributes).map(([name, StringValue]) => [name, { DataType: "String", StringValue }]),
  );
  const input = { QueueUrl: queueUrl(kernel, letter.queueArn), MessageBody: letter.body, MessageAttributes };
  try {
    await kernel.call("sqs", "SendMessage", input, caller);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    kernel.settings.log(`an undeliverable event was lost, ${letter.queueArn} refused it: ${error.message}`);
  }
}
