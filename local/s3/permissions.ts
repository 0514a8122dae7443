import type { Requirement } from "../core/kernel.ts";
import { bucketArn, objectArn } from "./buckets.ts";
import type { World } from "./world.ts";

interface Addressed {
  Bucket?: string | undefined;
  Key?: string | undefined;
  VersionId?: string | undefined;
  ExpectedBucketOwner?: string | undefined;
}

/** Condition keys, without those the request leaves out. */
export function contextOf(
  keys: Readonly<Record<string, string | readonly string[] | undefined>>,
): Record<string, string | readonly string[]> {
  const context: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(keys)) if (value !== undefined) context[name] = value;
  return context;
}

/** Requires `action` on the bucket a request names; a bucket that does not exist is reported before any permission. */
export function onBucket<I extends Addressed>(
  world: World,
  action: string,
  context?: (input: I) => Record<string, string | readonly string[] | undefined>,
): (input: I) => Requirement[] {
  return (input) => {
    const { name } = world.buckets.get(input);
    return [{ action: `s3:${action}`, resource: bucketArn(name), context: contextOf(context?.(input) ?? {}) }];
  };
}

/** Requires `action` on an object; on a version by its id, the action named for versions where S3 has one. */
export function onObject<I extends Addressed>(
  world: World,
  action: string,
  versionAction = action,
): (input: I) => Requirement[] {
  return (input) => {
    const { name } = world.buckets.get(input);
    const resource = objectArn(name, input.Key ?? "");
    return [
      {
        action: `s3:${input.VersionId === undefined ? action : versionAction}`,
        resource,
        context: contextOf({ "s3:versionid": input.VersionId, ...existingTags(world, input) }),
      },
    ];
  };
}

/** `s3:ExistingObjectTag/…` of the object a request names. */
function existingTags(world: World, input: Addressed): Record<string, string> {
  const { Bucket: bucket = "", Key: key = "", VersionId: versionId } = input;
  const version =
    versionId === undefined ? world.versions.current(bucket, key) : world.versions.find(bucket, key, versionId);
  const tags = version?.properties.tags ?? [];
  return Object.fromEntries(tags.map((tag) => [`s3:ExistingObjectTag/${tag.Key}`, tag.Value]));
}
