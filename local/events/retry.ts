import { AwsError } from "../core/aws-error.ts";

/** How long and how often a failed delivery is tried again. */
export interface RetryLimits {
  /** Seconds, 60–86,400. */
  maximumAgeSeconds: number;
  /** 0–185. */
  maximumAttempts: number;
}

/** Source: RetryPolicy in the API references of EventBridge and EventBridge Scheduler. */
const defaultLimits: RetryLimits = { maximumAgeSeconds: 86_400, maximumAttempts: 185 };

export function retryLimits(
  policy: { MaximumEventAgeInSeconds?: number | undefined; MaximumRetryAttempts?: number | undefined } | undefined,
): RetryLimits {
  return {
    maximumAgeSeconds: policy?.MaximumEventAgeInSeconds ?? defaultLimits.maximumAgeSeconds,
    maximumAttempts: policy?.MaximumRetryAttempts ?? defaultLimits.maximumAttempts,
  };
}

/** How a failed delivery is named to its dead-letter queue, and whether it may be tried again. */
export interface Failure {
  /** Source: EventBridge user guide, "Using dead-letter queues", list of error codes. */
  code: string;
  message: string;
  retryable: boolean;
}

/**
 * Judges why a target refused. Only server errors and throttling are tried again; missing permissions, resources that are
 * gone and other client errors go to the dead-letter queue at once. Source: AWS Knowledge Center, "Why do I get
 * FailedInvocations": 5xx and 429 are retried, other 4xx are not.
 */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof AwsError)) return { code: "INTERNAL_ERROR", message: String(error), retryable: true };
  const { message } = error;
  // An operation this cloud lacks will not appear by waiting.
  if (error.code === "NotImplemented") return { code: "SDK_CLIENT_ERROR", message, retryable: false };
  if (error.status === 429 || /Throttl|TooManyRequests|RequestLimitExceeded/.test(error.code)) {
    return { code: "THROTTLING", message, retryable: true };
  }
  if (error.status >= 500) return { code: "ERROR_FROM_TARGET", message, retryable: true };
  if (/AccessDenied|Authorization|Unauthorized/.test(error.code)) {
    return { code: "NO_PERMISSIONS", message, retryable: false };
  }
  if (/NotFound|DoesNotExist|NonExistent/.test(error.code)) return { code: "NO_RESOURCE", message, retryable: false };
  if (/AlreadyExists/.test(error.code)) return { code: "RESOURCE_ALREADY_EXISTS", message, retryable: false };
  return { code: "SDK_CLIENT_ERROR", message, retryable: false };
}

/** The longest pause between two tries, in seconds. No published figure; 185 tries fit well into a day with it. */
const longestPauseSeconds = 600;

/**
 * The pause before a try, in seconds: doubling from one second, with jitter.
 * @param random A number in [0, 1).
 */
export function pauseSeconds(attempt: number, random: number): number {
  return Math.min(longestPauseSeconds, 2 ** Math.min(attempt, 20)) * (0.5 + random / 2);
}
