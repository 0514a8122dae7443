import { AwsError } from "../core/aws-error.ts";
import type { VersionDocument } from "./documents.ts";
import { noSuchKey, preconditionFailed } from "./errors.ts";

/** Conditions of a read (or of the source of a copy). */
export interface ReadConditions {
  ifMatch?: string | undefined;
  ifNoneMatch?: string | undefined;
  ifModifiedSince?: Date | undefined;
  ifUnmodifiedSince?: Date | undefined;
}

/** An entity tag without quotes and weakness mark, for comparison. */
function bare(etag: string): string {
  return etag.trim().replace(/^W\//, "").replace(/^"|"$/g, "");
}

function matches(condition: string, etag: string): boolean {
  return condition.split(",").some((one) => one.trim() === "*" || bare(one) === bare(etag));
}

/**
 * Judges a read by RFC 7232 as S3's API reference restates it: a true If-Match outweighs a false If-Unmodified-Since, a
 * false If-None-Match outweighs a true If-Modified-Since. Times count in whole seconds, as HTTP dates do.
 * @throws {AwsError} PreconditionFailed (412), or NotModified (304).
 */
export function assertReadable(version: Readonly<VersionDocument>, conditions: ReadConditions): void {
  const modifiedSeconds = Math.floor(version.lastModifiedMs / 1000);
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, version.etag)) throw preconditionFailed("If-Match");
  } else if (ifUnmodifiedSince !== undefined && modifiedSeconds > Math.floor(ifUnmodifiedSince.getTime() / 1000)) {
    throw preconditionFailed("If-Unmodified-Since");
  }
  if (ifNoneMatch !== undefined) {
    if (matches(ifNoneMatch, version.etag)) throw notModified(version);
  } else if (ifModifiedSince !== undefined && modifiedSeconds <= Math.floor(ifModifiedSince.getTime() / 1000)) {
    throw notModified(version);
  }
}

function notModified(version: Readonly<VersionDocument>): AwsError {
  const members = { ETag: version.etag, LastModified: new Date(version.lastModifiedMs) };
  return new AwsError("NotModified", "Not Modified", 304, members);
}

/**
 * Judges a conditional write against what the key holds now. A delete marker counts as nothing.
 * @throws {AwsError} PreconditionFailed (412); NoSuchKey (404) for If-Match on a key that holds nothing; NotImplemented
 * for an If-None-Match other than `*`, which S3 does not have on writes.
 */
export function assertWritable(
  key: string,
  current: Readonly<VersionDocument> | undefined,
  conditions: { IfMatch?: string | undefined; IfNoneMatch?: string | undefined },
): void {
  const object = current?.deleteMarker ? undefined : current;
  if (conditions.IfNoneMatch !== undefined) {
    if (conditions.IfNoneMatch.trim() !== "*") {
      const message = "A header you provided implies functionality that is not implemented";
      throw new AwsError("NotImplemented", message, 501, { Header: "If-None-Match" });
    }
    if (object) throw preconditionFailed("If-None-Match");
  }
  if (conditions.IfMatch !== undefined) {
    if (!object) throw noSuchKey(key);
    if (!matches(conditions.IfMatch, object.etag)) throw preconditionFailed("If-Match");
  }
}

/**
 * Judges a conditional delete. Source: S3 user guide, "How to perform conditional deletes".
 * @throws {AwsError} PreconditionFailed (412); NoSuchKey (404) when an ETag was expected and the key holds nothing.
 */
export function assertDeletable(key: string, current: Readonly<VersionDocument> | undefined, ifMatch?: string): void {
  if (ifMatch === undefined) return;
  const object = current?.deleteMarker ? undefined : current;
  if (!object) throw ifMatch.trim() === "*" ? preconditionFailed("If-Match") : noSuchKey(key);
  if (!matches(ifMatch, object.etag)) throw preconditionFailed("If-Match");
}
