import { createHmac, timingSafeEqual } from "node:crypto";
import { queryValue, type WireRequest } from "./message.ts";
import { s3Address } from "./s3-address.ts";

/**
 * A pre-signed S3 URL in Signature Version 2. AWS still takes it in us-east-1, and `aws s3 presign` of the AWS CLI 1 and
 * boto3 still write it there unless told otherwise.
 */
export interface LegacyUrlClaim {
  accessKeyId: string;
  sessionToken: string | undefined;
  /** Seconds since the epoch. */
  expires: number;
  signature: string;
}

export function readLegacyUrl(request: WireRequest): LegacyUrlClaim | undefined {
  const accessKeyId = queryValue(request, "AWSAccessKeyId");
  const signature = queryValue(request, "Signature");
  const expires = queryValue(request, "Expires");
  if (accessKeyId === undefined || signature === undefined || expires === undefined) return undefined;
  return {
    accessKeyId,
    signature,
    expires: Number(expires),
    sessionToken: queryValue(request, "x-amz-security-token"),
  };
}

/** Parts of the query that are signed. Source: S3 user guide, "Signing and authenticating REST requests (V2)". */
const signedParameters = new Set([
  ...["acl", "cors", "delete", "lifecycle", "location", "logging", "notification", "partNumber", "policy"],
  ...["requestPayment", "restore", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions"],
  ...["website", "response-cache-control", "response-content-disposition", "response-content-encoding"],
  ...["response-content-language", "response-content-type", "response-expires"],
]);

/** Whether the URL was signed with this secret. */
export function isLegacyUrlSignedWith(claim: LegacyUrlClaim, secret: string, request: WireRequest): boolean {
  const { bucket, path } = s3Address(request);
  const parameters = request.query
    .filter(([name]) => signedParameters.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === "" ? name : `${name}=${value}`))
    .join("&");
  const text = [
    request.method,
    request.headers["content-md5"] ?? "",
    request.headers["content-type"] ?? "",
    String(claim.expires),
    amazonHeaders(request) +
      (bucket === undefined ? "" : `/${bucket}`) +
      path +
      (parameters === "" ? "" : `?${parameters}`),
  ].join("\n");
  const expected = createHmac("sha1", secret).update(text).digest();
  const given = Buffer.from(claim.signature, "base64");
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** `x-amz-` headers, and a session token that stands in the query, one per line. */
function amazonHeaders(request: WireRequest): string {
  return [...Object.entries(request.headers), ...request.query]
    .filter(([name]) => name.startsWith("x-amz-"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value.trim()}\n`)
    .join("");
}
