/**
 * Everything Kiln's handlers can fail with, in one place. A name is a literal: bundlers rename classes, and Step
 * Functions matches the string. A message says what was found, with the values; a fix says what to do.
 */
export abstract class KilnError extends Error {
  abstract override readonly name: string;
  readonly fix: string;

  constructor(what: string, fix: string, options?: ErrorOptions) {
    super(`${what} ${fix}`, options);
    this.fix = fix;
  }
}

/** The manual input of an execution is not what Kiln reads. */
export class ManualInputError extends KilnError {
  override readonly name = "ManualInputError";
}
/** No spec was ever applied for this service. */
export class UnknownServiceError extends KilnError {
  override readonly name = "UnknownServiceError";
}
/** An object was pushed under a key outside the layout. */
export class ArtifactKeyError extends KilnError {
  override readonly name = "ArtifactKeyError";
}
/** The artifact or layer is not in the bucket, or its version is gone. */
export class ArtifactMissingError extends KilnError {
  override readonly name = "ArtifactMissingError";
}
/** The spec names a layer that was never pushed, or one that is built for other processors. */
export class LayerRefusedError extends KilnError {
  override readonly name = "LayerRefusedError";
}
/** The archive was read and is refused; nothing was created. */
export class ArtifactRefusedError extends KilnError {
  override readonly name = "ArtifactRefusedError";
}
/** A service spec breaks its schema. */
export class SpecInvalidError extends KilnError {
  override readonly name = "SpecInvalidError";
}
/** The base image cannot carry releases. */
export class BaseRefusedError extends KilnError {
  override readonly name = "BaseRefusedError";
}
/** What was asked would run something that a person revoked. */
export class RevokedError extends KilnError {
  override readonly name = "RevokedError";
}
/** A golden recipe could not be built, or its image did not pass its checks; nothing of the attempt is left. */
export class GoldenBuildFailedError extends KilnError {
  override readonly name = "GoldenBuildFailedError";
}
/** The listener or its load balancer is missing or unusable. */
export class NetworkError extends KilnError {
  override readonly name = "NetworkError";
}
/** An alarm that the spec names is red, or does not exist. */
export class AlarmRefusedError extends KilnError {
  override readonly name = "AlarmRefusedError";
}
/** The listener cannot give the service the requests that its spec asks for. */
export class RouteRefusedError extends KilnError {
  override readonly name = "RouteRefusedError";
}
/** The spec would make the service smaller than it is, without saying so. */
export class ShrinkRefusedError extends KilnError {
  override readonly name = "ShrinkRefusedError";
}
/** Nothing serves in the experiment that was to be promoted, or it cannot be what the service runs. */
export class PromotionRefusedError extends KilnError {
  override readonly name = "PromotionRefusedError";
}
/** Deploys are frozen, or it is none of the times at which the service may be deployed. */
export class DeployHeldError extends KilnError {
  override readonly name = "DeployHeldError";
}
/** Another execution holds the service's lease, or took it over. */
export class LeaseLostError extends KilnError {
  override readonly name = "LeaseLostError";
}
/** A ledger document changed under our hands more often than is plausible. */
export class LedgerConflictError extends KilnError {
  override readonly name = "LedgerConflictError";
}
/** What the candidate's fleet needs beside its image is not there; found while the image was being made. */
export class PreFlightFailedError extends KilnError {
  override readonly name = "PreFlightFailedError";
}
/** A snapshot or image ended in an error on AWS's side. */
export class BakeFailedError extends KilnError {
  override readonly name = "BakeFailedError";
}
/** The image that was registered differs from what was asked. */
export class ImageMismatchError extends KilnError {
  override readonly name = "ImageMismatchError";
}
/** The fleet did not reach its size in time. */
export class CapacityShortageError extends KilnError {
  override readonly name = "CapacityShortageError";
}
/** The candidate did not pass its checks. */
export class ValidationFailedError extends KilnError {
  override readonly name = "ValidationFailedError";
}
/** The release that took over traffic did not hold. */
export class ObservationFailedError extends KilnError {
  override readonly name = "ObservationFailedError";
}
/** The guard at the switch refused to move traffic. */
export class CutoverRefusedError extends KilnError {
  override readonly name = "CutoverRefusedError";
}
/** The production rule is not what Kiln left: someone else changed it. */
export class RuleConflictError extends KilnError {
  override readonly name = "RuleConflictError";
}
/** There is no release to go back to. */
export class NothingToRollBackError extends KilnError {
  override readonly name = "NothingToRollBackError";
}
/** The rollback cannot be rehearsed now; no request was sent elsewhere. */
export class DrillRefusedError extends KilnError {
  override readonly name = "DrillRefusedError";
}
/** The rehearsal found that the standby would not do; live has every request. */
export class DrillFailedError extends KilnError {
  override readonly name = "DrillFailedError";
}
/** Something of a candidate would not go away. */
export class ReapStuckError extends KilnError {
  override readonly name = "ReapStuckError";
}
/** A role lacks a permission; never retried. */
export class AccessDeniedError extends KilnError {
  override readonly name = "AccessDenied";
}
/** AWS asked for patience; the state machine retries. */
export class ThrottledError extends KilnError {
  override readonly name = "ThrottledError";
}
/** AWS or the network failed for the moment; the state machine retries. */
export class TransientError extends KilnError {
  override readonly name = "TransientError";
}

/** AWS's names for "too many requests", from the service models of the services Kiln calls. */
const throttlingNames = new Set([
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "RequestThrottled",
  "RequestThrottledException",
  "RequestLimitExceeded",
  "TooManyRequestsException",
  "TooManyUpdates",
  "SlowDown",
  "ConcurrentLimitExceededException",
]);

const deniedNames = new Set(["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"]);

/**
 * Gives an error from the SDK the name that the state machines know: denied permissions end a deploy at once, throttling
 * and server errors are retried, everything else passes unchanged.
 */
export function asKilnError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof KilnError) return error;
  if (isDenied(error)) {
    return new AccessDeniedError(error.message, "Give the role this permission, or take away what denies it.", {
      cause: error,
    });
  }
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
  if (isThrottling(error)) {
    return new ThrottledError(`${error.name}: ${error.message}`, "It is tried again.", { cause: error });
  }
  if (status >= 500 || error.name === "TimeoutError" || /ECONN|EPIPE|socket hang up/.test(error.message)) {
    return new TransientError(`${error.name}: ${error.message}`, "It is tried again.", { cause: error });
  }
  return error;
}

/** Whether AWS asks for patience. */
export function isThrottling(error: unknown): boolean {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return error instanceof Error && (throttlingNames.has(error.name) || status === 429);
}

/** Whether AWS says that a permission is missing. */
export function isDenied(error: unknown): boolean {
  return error instanceof Error && deniedNames.has(error.name);
}

/** Whether an error is AWS's, of one of these names. */
export function isNamed(error: unknown, ...names: string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
