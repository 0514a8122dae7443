import type { Tag } from "@aws-sdk/client-iam";
import { AwsError } from "../core/aws-error.ts";
import { limitExceeded, validationError } from "./errors.ts";

/** Tags on one IAM thing. Source: IAM quotas. */
const tagsMax = 50;

/**
 * @param lengthMax Characters: 64 for users and roles, 128 for policies and instance profiles (IAM quotas).
 * @throws {AwsError} ValidationError.
 */
export function checkName(member: string, name: string, lengthMax: number): void {
  if (name.length < 1 || name.length > lengthMax || !/^[\w+=,.@-]+$/.test(name)) {
    throw validationError(
      `The specified value for ${member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_- and be at most ${lengthMax} characters long`,
    );
  }
}

/** A path as IAM keeps it: `/`, or with a slash at both ends. @throws {AwsError} ValidationError. */
export function checkedPath(path: string | undefined): string {
  if (path === undefined) return "/";
  if (path.length > 512 || !/^(?:\/|\/[\u0021-\u007e]+\/)$/.test(path)) {
    throw validationError(
      "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.",
    );
  }
  return path;
}

/** Policies are counted without white space. @throws {AwsError} LimitExceeded naming the quota. */
export function checkSize(what: string, documents: readonly string[], charactersMax: number): void {
  const size = documents.reduce((sum, document) => sum + document.replace(/\s/g, "").length, 0);
  if (size > charactersMax) throw limitExceeded(`${what} quota of ${charactersMax} characters exceeded`);
}

/** Tags as a map. @throws {AwsError} InvalidInput for a key that stands twice, LimitExceeded for too many. */
export function tagMap(tags: readonly Tag[] | undefined): Record<string, string> {
  const map: Record<string, string> = {};
  for (const { Key: key = "", Value: value = "" } of tags ?? []) {
    if (key in map) throw new AwsError("InvalidInput", "Duplicate tag keys found.", 400);
    if (key.toLowerCase().startsWith("aws:")) {
      throw new AwsError("InvalidInput", "Tag keys beginning with aws: are reserved.", 400);
    }
    map[key] = value;
  }
  checkTagCount(map);
  return map;
}

export function checkTagCount(map: Readonly<Record<string, string>>): void {
  if (Object.keys(map).length > tagsMax)
    throw limitExceeded(`The number of tags has reached the maximum limit: ${tagsMax}`);
}

/** Tags as the API lists them; undefined for none, as IAM leaves the member out. */
export function tagList(map: Readonly<Record<string, string>>): Tag[] | undefined {
  const tags = Object.entries(map).map(([Key, Value]) => ({ Key, Value }));
  return tags.length > 0 ? tags : undefined;
}

interface Page<T> {
  items: T[];
  IsTruncated: boolean;
  Marker?: string;
}

/** One page of a list. A marker is the place where the next page begins. */
export function page<T>(items: readonly T[], input: { Marker?: string; MaxItems?: number }): Page<T> {
  const start = input.Marker === undefined ? 0 : Number(Buffer.from(input.Marker, "base64").toString("utf8"));
  if (!Number.isInteger(start) || start < 0 || start > items.length) throw validationError("Invalid Marker");
  const end = start + (input.MaxItems ?? 100);
  const isTruncated = end < items.length;
  return {
    items: items.slice(start, end),
    IsTruncated: isTruncated,
    ...(isTruncated ? { Marker: Buffer.from(String(end)).toString("base64") } : {}),
  };
}

/** A policy as IAM's answers carry it: percent-encoded (RFC 3986). Clients decode it. */
export function encodedDocument(document: string): string {
  return encodeURIComponent(document).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
