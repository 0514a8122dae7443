import { AwsError } from "../core/aws-error.ts";
import { type ChecksumName, checksumNames, type Digests, isChecksumName } from "./checksums.ts";
import type { StoredChecksum } from "./documents.ts";
import { badDigest, invalidRequest } from "./errors.ts";

/** The members by which an upload says what its bytes are. */
export interface IntegrityInput {
  ChecksumAlgorithm?: string | undefined;
  ContentLength?: number | undefined;
  ContentMD5?: string | undefined;
  ChecksumCRC32?: string | undefined;
  ChecksumCRC32C?: string | undefined;
  ChecksumCRC64NVME?: string | undefined;
  ChecksumSHA1?: string | undefined;
  ChecksumSHA256?: string | undefined;
}

/** Checksums S3 has and this cloud does not compute. */
const missingChecksums = ["SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128"];

/**
 * The checksum an upload names, by value or by algorithm.
 * @throws {AwsError} InvalidRequest for two values or an unknown algorithm; NotImplemented for one this cloud lacks.
 */
export function namedChecksum(input: IntegrityInput): ChecksumName | undefined {
  const values = input as Record<string, unknown>;
  for (const name of missingChecksums) {
    if (values[`Checksum${name}`] !== undefined || input.ChecksumAlgorithm === name) {
      throw new AwsError("NotImplemented", `the embedded cloud does not compute ${name} checksums`, 501);
    }
  }
  const given = checksumNames.filter((name) => values[`Checksum${name}`] !== undefined);
  if (given.length > 1)
    throw invalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
  const algorithm = input.ChecksumAlgorithm;
  if (algorithm === undefined) return given[0];
  if (!isChecksumName(algorithm)) {
    throw invalidRequest(
      "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
    );
  }
  return given[0] ?? algorithm;
}

/**
 * Compares what was received with what the request promised.
 * @throws {AwsError} BadDigest, IncompleteBody.
 */
export function verifyDigests(input: IntegrityInput, name: ChecksumName, digests: Digests): void {
  if (input.ContentLength !== undefined && input.ContentLength !== digests.bytes) {
    const message = "You did not provide the number of bytes specified by the Content-Length HTTP header";
    throw new AwsError("IncompleteBody", message, 400);
  }
  if (input.ContentMD5 !== undefined && Buffer.from(input.ContentMD5, "base64").toString("hex") !== digests.md5) {
    throw badDigest("Content-MD5");
  }
  const promised = (input as Record<string, unknown>)[`Checksum${name}`];
  if (promised !== undefined && promised !== digests.checksum) throw badDigest(name);
}

/** A stored checksum as the members of a response. */
export function checksumMembers(checksum: StoredChecksum | undefined): Record<string, string> {
  if (!checksum) return {};
  return { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: checksum.type };
}
