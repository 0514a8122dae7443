import { AwsError } from "../core/aws-error.ts";
import type { Directory } from "./directory.ts";
import { noSuchEntity } from "./errors.ts";

/** @throws {AwsError} NoSuchEntity when no policy has this ARN. */
export function checkAttachable(directory: Directory, arn: string): void {
  if (!/^arn:aws:iam::(?:aws|\d{12}):policy\/.+$/.test(arn)) {
    throw new AwsError("InvalidInput", `ARN ${arn} is not valid.`, 400);
  }
  if (directory.managedDocument(arn) === undefined) {
    throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
  }
}

/** The boundary as a record keeps it. @throws {AwsError} NoSuchEntity when no policy has this ARN. */
export function checkBoundary(directory: Directory, arn: string | undefined): { boundaryArn?: string } {
  if (arn === undefined) return {};
  checkAttachable(directory, arn);
  return { boundaryArn: arn };
}
