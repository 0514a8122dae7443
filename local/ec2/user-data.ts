import { AwsError } from "../core/aws-error.ts";
import { invalidParameter } from "./errors.ts";

/** Limit of user data before base64. Source: EC2 user guide, "Run commands when you launch an EC2 instance with user data input". */
const maxUserDataBytes = 16_384;

/**
 * The bytes of user data that a request gives in base64.
 * @throws {AwsError} InvalidUserData.Malformed when it is not base64, InvalidParameterValue above 16 KiB.
 */
export function checkUserData(base64: string): Buffer {
  const compact = base64.replaceAll(/[\r\n]/g, "");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact) || compact.length % 4 !== 0) {
    throw new AwsError("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.");
  }
  const bytes = Buffer.from(compact, "base64");
  if (bytes.length > maxUserDataBytes) throw invalidParameter(`User data is limited to ${maxUserDataBytes} bytes`);
  return bytes;
}
