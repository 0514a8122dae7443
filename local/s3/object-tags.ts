import type { PutObjectTaggingCommandInput } from "@aws-sdk/client-s3";
import type { Operation, Requirement } from "../core/kernel.ts";
import type { Tag } from "./documents.ts";
import { onObject } from "./permissions.ts";
import { checkTags } from "./properties.ts";
import { findObject } from "./reading.ts";
import type { World } from "./world.ts";
import { versionMembers } from "./writing.ts";

interface ObjectInput {
  Bucket?: string | undefined;
  Key?: string | undefined;
  VersionId?: string | undefined;
}

/** Tags of one version of an object. */
export function objectTagOperations(world: World): Record<string, Operation> {
  return {
    GetObjectTagging: {
      permissions: onObject<ObjectInput>(world, "GetObjectTagging", "GetObjectVersionTagging"),
      run: (input: ObjectInput, call) => {
        const { bucket, version } = findObject(world, input, call);
        return { TagSet: version.properties.tags, ...versionMembers(bucket, version) };
      },
    },
    PutObjectTagging: {
      permissions: (input: PutObjectTaggingCommandInput) => tagRequirements(world, input),
      run: (input: PutObjectTaggingCommandInput, call) => {
        const { bucket, version } = findObject(world, input, call);
        const tags = checkTags(input.Tagging?.TagSet ?? [], 10);
        world.versions.replace(bucket.name, { ...version, properties: { ...version.properties, tags } });
        return versionMembers(bucket, version);
      },
    },
    DeleteObjectTagging: {
      permissions: onObject<ObjectInput>(world, "DeleteObjectTagging", "DeleteObjectVersionTagging"),
      run: (input: ObjectInput, call) => {
        const { bucket, version } = findObject(world, input, call);
        world.versions.replace(bucket.name, { ...version, properties: { ...version.properties, tags: [] } });
        return versionMembers(bucket, version);
      },
    },
  };
}

function tagRequirements(world: World, input: PutObjectTaggingCommandInput): Requirement[] {
  const tags = (input.Tagging?.TagSet ?? []).filter((tag): tag is Tag => tag.Key !== undefined);
  const requested = Object.fromEntries(tags.map((tag) => [`s3:RequestObjectTag/${tag.Key}`, tag.Value]));
  return onObject<ObjectInput>(
    world,
    "PutObjectTagging",
    "PutObjectVersionTagging",
  )(input).map((requirement) => ({
    ...requirement,
    context: { ...requirement.context, ...requested },
  }));
}
