import { AwsError } from "../core/aws-error.ts";
import { invalidAttributeName, invalidAttributeValue, notInCloud } from "./errors.ts";

/** Attributes that are whole numbers, with their default and range. Source: SetQueueAttributes' API reference. */
const numbers: Readonly<Record<string, readonly [fallback: number, minimum: number, maximum: number]>> = {
  DelaySeconds: [0, 0, 900],
  MaximumMessageSize: [1_048_576, 1024, 1_048_576],
  MessageRetentionPeriod: [345_600, 60, 1_209_600],
  ReceiveMessageWaitTimeSeconds: [0, 0, 20],
  VisibilityTimeout: [30, 0, 43_200],
};

/** Attributes kept as they are written. The last three say how messages are encrypted, which is invisible here. */
const texts = [
  "Policy",
  "RedrivePolicy",
  "RedriveAllowPolicy",
  "KmsMasterKeyId",
  "KmsDataKeyReusePeriodSeconds",
  "SqsManagedSseEnabled",
];

const fifoAttributes = ["FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"];

/** A numeric attribute of a queue, or its default. */
export function numberOf(attributes: Readonly<Record<string, string>>, name: keyof typeof numbers & string): number {
  return Number(attributes[name] ?? numbers[name]?.[0] ?? 0);
}

/** All numeric attributes with their defaults filled in. */
export function withDefaults(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const defaults = Object.entries(numbers).map(([name, [fallback]]) => [name, String(fallback)]);
  return { ...Object.fromEntries(defaults), SqsManagedSseEnabled: "true", ...attributes };
}

/**
 * Checks attributes a request sets. An empty text removes the attribute.
 * @throws {AwsError} InvalidAttributeName, InvalidAttributeValue; NotImplemented for FIFO queues.
 */
export function checkAttributes(given: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(given)) {
    if (fifoAttributes.includes(name)) throw notInCloud(`FIFO queues (${name})`);
    const range = numbers[name];
    if (range) {
      const [, minimum, maximum] = range;
      const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
      if (!(number >= minimum && number <= maximum)) throw invalidAttributeValue(name);
    } else if (name === "RedrivePolicy") {
      if (value !== "") parseRedrivePolicy(value);
    } else if (name === "Policy") {
      checkPolicy(value);
    } else if (!texts.includes(name)) {
      throw invalidAttributeName(name);
    }
  }
}

/** When and where a queue gives up a message. */
export interface RedrivePolicy {
  deadLetterTargetArn: string;
  /** Receives before it is given up, 1–1000. */
  maxReceiveCount: number;
}

/** @throws {AwsError} InvalidParameterValue */
export function parseRedrivePolicy(text: string): RedrivePolicy {
  try {
    const policy = JSON.parse(text) as Partial<Record<keyof RedrivePolicy, unknown>>;
    const maxReceiveCount = Number(policy.maxReceiveCount);
    const target = policy.deadLetterTargetArn;
    const isTarget = typeof target === "string" && /^arn:aws[\w-]*:sqs:/.test(target);
    if (isTarget && Number.isInteger(maxReceiveCount) && maxReceiveCount >= 1 && maxReceiveCount <= 1000) {
      return { deadLetterTargetArn: target, maxReceiveCount };
    }
  } catch {
    // Text that is no JSON is refused below, like a policy without what it needs.
  }
  const message = `Value ${text} for parameter RedrivePolicy is invalid. Reason: Redrive policy is not a valid JSON map.`;
  throw new AwsError("InvalidParameterValue", message, 400);
}

function checkPolicy(text: string): void {
  if (text === "") return;
  try {
    const policy: unknown = JSON.parse(text);
    if (typeof policy === "object" && policy !== null && "Statement" in policy) return;
  } catch {
    // Text that is no JSON is refused below, like a policy without statements.
  }
  throw invalidAttributeValue("Policy");
}
