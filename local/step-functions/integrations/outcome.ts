import { AwsError } from "../../core/aws-error.ts";
import type { Json } from "../language/json.ts";
import { type StateError, StateFailure } from "../language/state-error.ts";
import { exceptionName, type SdkModel } from "./sdk-model.ts";

/** How a request of a task ended. */
export type Outcome = { kind: "succeeded"; output: Json } | ({ kind: "failed" } & StateError);

/** The words one kind of integration uses for errors: the SDK for Java 2 for `aws-sdk`, version 1 for the optimised ones. */
export interface ErrorDialect {
  /** In front of the error's name: `Ssm`, `Lambda`. */
  prefix: string;
  /** The name of an error the SDK has no class for: `SsmException`, `AWSLambdaException`. */
  unknown: string;
  /** The service's name inside the cause: `Ssm`, `AWSLambda`. */
  service: string;
  version: 1 | 2;
}

/** What a failed call becomes in the language. Wording from AWS's recordings (LocalStack's AWS-validated snapshots). */
export function failureOf(error: unknown, model: SdkModel, dialect: ErrorDialect, requestId: string): Outcome {
  if (error instanceof StateFailure) return { kind: "failed", error: error.error, cause: error.message };
  if (!(error instanceof AwsError)) {
    return { kind: "failed", error: `${dialect.prefix}.SdkClientException`, cause: String(error) };
  }
  const details =
    dialect.version === 2
      ? `Service: ${dialect.service}, Status Code: ${error.status}, Request ID: ${requestId}`
      : `Service: ${dialect.service}; Status Code: ${error.status}; Error Code: ${error.code}; Request ID: ${requestId}; Proxy: null`;
  const name = exceptionName(model, error.code) ?? dialect.unknown;
  return { kind: "failed", error: `${dialect.prefix}.${name}`, cause: `${error.message} (${details})` };
}

/**
 * The part of an optimised integration's result that tells of the HTTP answer, with the headers AWS's recordings show.
 * @param headers Those of this answer, beside the date.
 */
export function httpMetadata(requestId: string, headers: Record<string, string>, atMs: number): Record<string, Json> {
  const all: Record<string, string> = { ...headers, Date: new Date(atMs).toUTCString(), "x-amzn-RequestId": requestId };
  const lists = Object.fromEntries(Object.entries(all).map(([name, value]) => [name, [value]]));
  return {
    SdkHttpMetadata: { AllHttpHeaders: lists, HttpHeaders: all, HttpStatusCode: 200 },
    SdkResponseMetadata: { RequestId: requestId },
  };
}
