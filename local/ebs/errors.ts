import { AwsError } from "../core/aws-error.ts";

/** Reasons as the EBS model spells them (`ValidationExceptionReason`, botocore ebs/2019-11-02). */
export type ValidationReason =
  | "INVALID_BLOCK"
  | "INVALID_BLOCK_TOKEN"
  | "INVALID_CONTENT_ENCODING"
  | "INVALID_DEPENDENCY_REQUEST"
  | "INVALID_PAGE_TOKEN"
  | "INVALID_PARAMETER_VALUE"
  | "INVALID_SNAPSHOT_ID"
  | "INVALID_TAG"
  | "INVALID_VOLUME_SIZE"
  | "UNRELATED_SNAPSHOTS"
  | "CONFLICTING_BLOCK_UPDATE"
  | "INVALID_CUSTOMER_KEY";

export function invalid(Reason: ValidationReason, message: string): AwsError {
  return new AwsError("ValidationException", message, 400, { Reason });
}

export function snapshotNotFound(snapshotId: string): AwsError {
  return new AwsError("ResourceNotFoundException", `The snapshot '${snapshotId}' does not exist.`, 404, {
    Reason: "SNAPSHOT_NOT_FOUND",
  });
}

export function accessDenied(message: string): AwsError {
  return new AwsError("AccessDeniedException", message, 403, { Reason: "UNAUTHORIZED_ACCOUNT" });
}

export function throttled(Reason: "ACCOUNT_THROTTLED" | "RESOURCE_LEVEL_THROTTLE", message: string): AwsError {
  return new AwsError("RequestThrottledException", message, 400, { Reason });
}
