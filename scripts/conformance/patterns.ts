import { AwsError } from "../../local/core/aws-error.ts";
import { VirtualClock } from "../../local/core/clock.ts";
import { type Caller, Kernel } from "../../local/core/kernel.ts";
import { settingsWith } from "../../local/core/settings.ts";
import { EventsService } from "../../local/events/service.ts";

/** One event pattern judged by AWS. */
export interface RecordedPattern {
  name: string;
  pattern: unknown;
  event: unknown;
  expect: "match" | "no-match" | "invalid-pattern";
}

const kernel = new Kernel(settingsWith(), new VirtualClock());
kernel.judge = () => undefined;
kernel.register(new EventsService(kernel));
const { accountId } = kernel.settings;
const caller: Caller = {
  kind: "user",
  name: "conformance",
  arn: `arn:aws:iam::${accountId}:user/conformance`,
  accountId,
};

/** Asks the embedded cloud's TestEventPattern, as the recording asked AWS's; returns the difference, or undefined. */
export async function checkPattern({ pattern, event, expect }: RecordedPattern): Promise<string | undefined> {
  const verdict = await judge(pattern, event);
  return verdict === expect ? undefined : `recorded ${expect}, got ${verdict}`;
}

async function judge(pattern: unknown, event: unknown): Promise<string> {
  const input = { EventPattern: JSON.stringify(pattern), Event: JSON.stringify(event) };
  try {
    const { Result } = await kernel.call<{ Result: boolean }>("events", "TestEventPattern", input, caller);
    return Result ? "match" : "no-match";
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return error.code === "InvalidEventPatternException" ? "invalid-pattern" : `${error.code}: ${error.message}`;
  }
}
