import type {
  ListObjectsCommandInput,
  ListObjectsCommandOutput,
  ListObjectsV2CommandInput,
  ListObjectsV2CommandOutput,
  ListObjectVersionsCommandInput,
  ListObjectVersionsCommandOutput,
} from "@aws-sdk/client-s3";
import type { Operation } from "../core/kernel.ts";
import type { VersionDocument } from "./documents.ts";
import { invalidArgument, refuseMembers } from "./errors.ts";
import { checksumMembers } from "./integrity.ts";
import { onBucket } from "./permissions.ts";
import { compareKeys, lastModified } from "./versions.ts";
import type { World } from "./world.ts";

/** The most keys of one page. Source: ListObjectsV2's API reference. */
const maximumKeys = 1000;

type Output<T> = Omit<T, "$metadata">;

interface ListInput {
  Prefix?: string | undefined;
  Delimiter?: string | undefined;
  MaxKeys?: number | undefined;
}

/** One page of a listing: entries and common prefixes count alike. */
interface Page<T> {
  entries: T[];
  prefixes: string[];
  truncated: boolean;
  /** The last entry or prefix of the page, from which the next one goes on. */
  last: { key: string; entry?: T } | undefined;
}

/**
 * Cuts a page out of sorted entries. Keys that share what comes before the first delimiter after the prefix appear once,
 * as a common prefix.
 * @param isAfter Whether an entry comes after the point where the page starts.
 * @param startKey A key or common prefix: prefixes up to it have been listed.
 */
function pageOf<T extends { key: string }>(
  sorted: readonly T[],
  input: ListInput,
  startKey: string,
  isAfter: (entry: T) => boolean,
): Page<T> {
  const limit = maximumOf(input.MaxKeys);
  const prefix = input.Prefix ?? "";
  const page: Page<T> = { entries: [], prefixes: [], truncated: false, last: undefined };
  if (limit === 0) return page;
  for (const entry of sorted) {
    if (!isAfter(entry)) continue;
    const common = commonPrefix(entry.key, prefix, input.Delimiter);
    if (common !== undefined && (common === page.prefixes.at(-1) || compareKeys(common, startKey) <= 0)) continue;
    if (page.entries.length + page.prefixes.length === limit) {
      page.truncated = true;
      break;
    }
    if (common === undefined) {
      page.entries.push(entry);
      page.last = { key: entry.key, entry };
    } else {
      page.prefixes.push(common);
      page.last = { key: common };
    }
  }
  return page;
}

function maximumOf(maxKeys: number | undefined): number {
  if (maxKeys !== undefined && maxKeys < 0) {
    throw invalidArgument("Argument maxKeys must be an integer between 0 and 2147483647", "maxKeys", maxKeys);
  }
  return Math.min(maxKeys ?? maximumKeys, maximumKeys);
}

function commonPrefix(key: string, prefix: string, delimiter: string | undefined): string | undefined {
  if (delimiter === undefined || delimiter === "") return undefined;
  const end = key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}

/** Names as the answer spells them: with `EncodingType: url` percent-encoded, except the slash. */
function spelling(encoding: string | undefined): (name: string) => string {
  if (encoding === undefined) return (name) => name;
  return (name) => encodeURIComponent(name).replaceAll("%2F", "/").replaceAll("%20", "+");
}

/** Condition keys of listings. */
function listContext(input: ListInput): Record<string, string | undefined> {
  return {
    "s3:prefix": input.Prefix,
    "s3:delimiter": input.Delimiter,
    "s3:max-keys": input.MaxKeys === undefined ? undefined : String(input.MaxKeys),
  };
}

export function listingOperations(world: World): Record<string, Operation> {
  return {
    ListObjectsV2: {
      permissions: onBucket<ListObjectsV2CommandInput>(world, "ListBucket", listContext),
      run: (input: ListObjectsV2CommandInput) => listObjectsV2(world, input),
    },
    ListObjects: {
      permissions: onBucket<ListObjectsCommandInput>(world, "ListBucket", listContext),
      run: (input: ListObjectsCommandInput) => listObjects(world, input),
    },
    ListObjectVersions: {
      permissions: onBucket<ListObjectVersionsCommandInput>(world, "ListBucketVersions", listContext),
      run: (input: ListObjectVersionsCommandInput) => listVersions(world, input),
    },
  };
}

function liveObjects(world: World, bucket: string, prefix: string | undefined): Readonly<VersionDocument>[] {
  return world.versions.listCurrent(bucket, prefix ?? "").filter((version) => !version.deleteMarker);
}

function objectEntry(version: Readonly<VersionDocument>, spell: (name: string) => string) {
  const checksum = version.checksum;
  return {
    Key: spell(version.key),
    LastModified: lastModified(version),
    ETag: version.etag,
    Size: version.bytes,
    StorageClass: version.properties.storageClass as "STANDARD",
    ...(checksum && {
      ChecksumAlgorithm: [checksum.algorithm],
      ChecksumType: checksumMembers(checksum)["ChecksumType"] as "COMPOSITE" | "FULL_OBJECT",
    }),
  };
}

function listObjectsV2(world: World, input: ListObjectsV2CommandInput): Output<ListObjectsV2CommandOutput> {
  refuseMembers(input, ["OptionalObjectAttributes"]);
  const { name } = world.buckets.get(input);
  const after = input.ContinuationToken === undefined ? (input.StartAfter ?? "") : keyOfToken(input.ContinuationToken);
  const sorted = liveObjects(world, name, input.Prefix);
  const page = pageOf(sorted, input, after, (version) => compareKeys(version.key, after) > 0);
  const spell = spelling(input.EncodingType);
  const owner = { ID: ownerId(world), DisplayName: world.kernel.settings.accountId };
  return {
    Name: name,
    Prefix: spell(input.Prefix ?? ""),
    ...(input.Delimiter !== undefined && { Delimiter: spell(input.Delimiter) }),
    MaxKeys: maximumOf(input.MaxKeys),
    KeyCount: page.entries.length + page.prefixes.length,
    IsTruncated: page.truncated,
    ...(input.EncodingType !== undefined && { EncodingType: input.EncodingType }),
    ...(input.ContinuationToken !== undefined && { ContinuationToken: input.ContinuationToken }),
    ...(input.StartAfter !== undefined && { StartAfter: spell(input.StartAfter) }),
    ...(page.truncated && page.last && { NextContinuationToken: tokenOfKey(page.last.key) }),
    Contents: page.entries.map((version) => ({
      ...objectEntry(version, spell),
      ...(input.FetchOwner && { Owner: owner }),
    })),
    CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: spell(prefix) })),
  };
}

function listObjects(world: World, input: ListObjectsCommandInput): Output<ListObjectsCommandOutput> {
  refuseMembers(input, ["OptionalObjectAttributes"]);
  const { name } = world.buckets.get(input);
  const marker = input.Marker ?? "";
  const sorted = liveObjects(world, name, input.Prefix);
  const page = pageOf(sorted, input, marker, (version) => compareKeys(version.key, marker) > 0);
  const spell = spelling(input.EncodingType);
  return {
    Name: name,
    Prefix: spell(input.Prefix ?? ""),
    Marker: spell(marker),
    ...(input.Delimiter !== undefined && { Delimiter: spell(input.Delimiter) }),
    MaxKeys: maximumOf(input.MaxKeys),
    IsTruncated: page.truncated,
    ...(input.EncodingType !== undefined && { EncodingType: input.EncodingType }),
    // S3 gives the next marker only when there is a delimiter; otherwise the last key serves.
    ...(page.truncated && input.Delimiter !== undefined && page.last && { NextMarker: spell(page.last.key) }),
    Contents: page.entries.map((version) => ({
      ...objectEntry(version, spell),
      Owner: { ID: ownerId(world), DisplayName: world.kernel.settings.accountId },
    })),
    CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: spell(prefix) })),
  };
}

function listVersions(world: World, input: ListObjectVersionsCommandInput): Output<ListObjectVersionsCommandOutput> {
  refuseMembers(input, ["OptionalObjectAttributes"]);
  const { name } = world.buckets.get(input);
  const keyMarker = input.KeyMarker ?? "";
  if (input.VersionIdMarker !== undefined && input.KeyMarker === undefined) {
    throw invalidArgument(
      "A version-id marker cannot be specified without a key marker.",
      "version-id-marker",
      input.VersionIdMarker,
    );
  }
  const marked =
    input.VersionIdMarker === undefined ? undefined : world.versions.find(name, keyMarker, input.VersionIdMarker);
  const isAfter = (version: Readonly<VersionDocument>) => {
    const order = compareKeys(version.key, keyMarker);
    return order > 0 || (order === 0 && marked !== undefined && version.sequence < marked.sequence);
  };
  const page = pageOf(world.versions.listAll(name, input.Prefix ?? ""), input, keyMarker, isAfter);
  const spell = spelling(input.EncodingType);
  const owner = { ID: ownerId(world), DisplayName: world.kernel.settings.accountId };
  const common = (version: Readonly<VersionDocument>) => ({
    VersionId: version.versionId,
    IsLatest: world.versions.current(name, version.key) === version,
    Owner: owner,
  });
  return {
    Name: name,
    Prefix: spell(input.Prefix ?? ""),
    KeyMarker: spell(keyMarker),
    VersionIdMarker: input.VersionIdMarker ?? "",
    ...(input.Delimiter !== undefined && { Delimiter: spell(input.Delimiter) }),
    MaxKeys: maximumOf(input.MaxKeys),
    IsTruncated: page.truncated,
    ...(input.EncodingType !== undefined && { EncodingType: input.EncodingType }),
    ...(page.truncated && page.last && { NextKeyMarker: spell(page.last.key) }),
    ...(page.truncated && page.last?.entry && { NextVersionIdMarker: page.last.entry.versionId }),
    Versions: page.entries
      .filter((version) => !version.deleteMarker)
      .map((version) => ({ ...objectEntry(version, spell), ...common(version) })),
    DeleteMarkers: page.entries
      .filter((version) => version.deleteMarker)
      .map((version) => ({
        Key: spell(version.key),
        LastModified: lastModified(version),
        ...common(version),
      })),
    CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: spell(prefix) })),
  };
}

/** The canonical id S3 gives an account: 64 hexadecimal digits, here made of the account's number. */
export function ownerId(world: World): string {
  return world.kernel.settings.accountId.padStart(64, "0");
}

function tokenOfKey(key: string): string {
  return Buffer.from(key).toString("base64");
}

function keyOfToken(token: string): string {
  if (!/^[A-Za-z0-9+/]+=*$/.test(token)) {
    throw invalidArgument("The continuation token provided is incorrect", "continuation-token", token);
  }
  return Buffer.from(token, "base64").toString();
}
