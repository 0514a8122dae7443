import { AwsError } from "../core/aws-error.ts";
import type { BucketDocument, ObjectProperties, Tag } from "./documents.ts";
import { resolveEncryption } from "./encryption.ts";
import { invalidArgument, refusedObjectMembers, refuseMembers } from "./errors.ts";
import type { World } from "./world.ts";

/** The members of a write that describe the object. */
export interface PropertiesInput {
  ACL?: string | undefined;
  CacheControl?: string | undefined;
  ContentDisposition?: string | undefined;
  ContentEncoding?: string | undefined;
  ContentLanguage?: string | undefined;
  ContentType?: string | undefined;
  Expires?: Date | undefined;
  ExpiresString?: string | undefined;
  Metadata?: Record<string, string> | undefined;
  ServerSideEncryption?: string | undefined;
  SSEKMSKeyId?: string | undefined;
  BucketKeyEnabled?: boolean | undefined;
  StorageClass?: string | undefined;
  Tagging?: string | undefined;
}

/** Keys and values together. Source: S3 user guide, "User-defined object metadata". */
const maximumMetadataBytes = 2048;

/** S3's limit on a key, in bytes of UTF-8. */
const maximumKeyBytes = 1024;

/** Storage classes that can be read at once; the archive classes need RestoreObject, which this cloud lacks. */
const storageClasses = [
  "STANDARD",
  "REDUCED_REDUNDANCY",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER_IR",
];

/**
 * What a write says about its object, checked.
 * @throws {AwsError} For metadata that is too large, bad tags, access-control lists and anything this cloud lacks.
 */
export async function propertiesOf(
  world: World,
  bucket: Readonly<BucketDocument>,
  input: PropertiesInput,
): Promise<ObjectProperties> {
  refuseMembers(input, refusedObjectMembers);
  refuseAcl(bucket, input.ACL);
  const storageClass = input.StorageClass ?? "STANDARD";
  if (!storageClasses.includes(storageClass)) {
    throw new AwsError(
      "InvalidStorageClass",
      `The storage class ${storageClass} is not valid in the embedded cloud`,
      400,
    );
  }
  const metadata = lowerCaseKeys(input.Metadata ?? {});
  const metadataBytes = Object.entries(metadata).reduce(
    (sum, [name, value]) => sum + byteLength(name) + byteLength(value),
    0,
  );
  if (metadataBytes > maximumMetadataBytes) {
    throw new AwsError("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size", 400, {
      Size: metadataBytes,
      MaxSizeAllowed: maximumMetadataBytes,
    });
  }
  const expires = input.ExpiresString ?? input.Expires?.toUTCString();
  return {
    ...(input.ContentType !== undefined && { contentType: input.ContentType }),
    ...(input.CacheControl !== undefined && { cacheControl: input.CacheControl }),
    ...(input.ContentDisposition !== undefined && { contentDisposition: input.ContentDisposition }),
    ...(input.ContentEncoding !== undefined && { contentEncoding: input.ContentEncoding }),
    ...(input.ContentLanguage !== undefined && { contentLanguage: input.ContentLanguage }),
    ...(expires !== undefined && { expires }),
    metadata,
    tags: tagsOfQuery(input.Tagging),
    storageClass,
    encryption: await resolveEncryption(world.kernel, bucket, input),
  };
}

/** @throws {AwsError} KeyTooLongError; InvalidArgument for an empty key. */
export function checkKey(key: string | undefined): string {
  if (key === undefined || key === "") throw invalidArgument("Object key is missing", "Key", key);
  if (byteLength(key) > maximumKeyBytes) {
    throw new AwsError("KeyTooLongError", "Your key is too long", 400, { MaxSizeAllowed: maximumKeyBytes });
  }
  return key;
}

/** Lists are off where the bucket's owner owns every object, which is the default; what says the same is accepted. */
function refuseAcl(bucket: Readonly<BucketDocument>, acl: string | undefined): void {
  if (acl === undefined || acl === "bucket-owner-full-control") return;
  if (bucket.ownership.Rules?.[0]?.ObjectOwnership === "BucketOwnerEnforced") {
    throw new AwsError("AccessControlListNotSupported", "The bucket does not allow ACLs", 400);
  }
  if (acl !== "private") refuseMembers({ ACL: acl }, ["ACL"]);
}

/** Tags as `x-amz-tagging` carries them: a URL query. */
export function tagsOfQuery(query: string | undefined): Tag[] {
  if (query === undefined || query === "") return [];
  return checkTags(
    [...new URLSearchParams(query)].map(([Key, Value]) => ({ Key, Value })),
    10,
  );
}

/**
 * @param maximum 10 on an object, 50 on a bucket.
 * @throws {AwsError} InvalidTag, BadRequest.
 */
export function checkTags(
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[],
  maximum: number,
): Tag[] {
  if (tags.length > maximum) throw new AwsError("BadRequest", `Object tags cannot be greater than ${maximum}`, 400);
  const seen = new Set<string>();
  return tags.map(({ Key: key = "", Value: value = "" }) => {
    if (key.length < 1 || key.length > 128) throw invalidTag("The TagKey you have provided is invalid", key);
    if (value.length > 256) throw invalidTag("The TagValue you have provided is invalid", key);
    if (key.startsWith("aws:")) throw invalidTag("System tags cannot be added/updated by requester", key);
    if (seen.has(key)) throw invalidTag("Cannot provide multiple Tags with the same key", key);
    seen.add(key);
    return { Key: key, Value: value };
  });
}

function invalidTag(message: string, key: string): AwsError {
  return new AwsError("InvalidTag", message, 400, { TagKey: key });
}

function lowerCaseKeys(metadata: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value]));
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}
