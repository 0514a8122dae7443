import type {
  DeleteObjectCommandInput,
  DeleteObjectCommandOutput,
  DeleteObjectsCommandInput,
  DeleteObjectsCommandOutput,
} from "@aws-sdk/client-s3";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Operation, Requirement } from "../core/kernel.ts";
import { objectArn } from "./buckets.ts";
import { assertDeletable } from "./conditions.ts";
import type { BucketDocument } from "./documents.ts";
import { malformedXml, refusedObjectMembers, refuseMembers } from "./errors.ts";
import { contextOf } from "./permissions.ts";
import { checkKey } from "./properties.ts";
import type { World } from "./world.ts";

/** Keys of one DeleteObjects. Source: its API reference. */
const maximumKeys = 1000;

/** Conditions only directory buckets have. */
const refusedDeleteMembers = [...refusedObjectMembers, "IfMatchLastModifiedTime", "IfMatchSize"];

type Output<T> = Omit<T, "$metadata">;

interface Doomed {
  Key?: string | undefined;
  VersionId?: string | undefined;
  /** The ETag it must have, or `*`. */
  IfMatch?: string | undefined;
}

/** Deleting on an ETag needs s3:GetObject too. Source: S3 user guide, "How to perform conditional deletes". */
function deletePermissions(
  bucket: string,
  { Key: key, VersionId: versionId, IfMatch: ifMatch }: Doomed,
): Requirement[] {
  const resource = objectArn(bucket, key ?? "");
  const action = versionId === undefined ? "s3:DeleteObject" : "s3:DeleteObjectVersion";
  const context = contextOf({ "s3:versionid": versionId, "s3:if-match": ifMatch });
  const needed: Requirement[] = [{ action, resource, context }];
  if (ifMatch !== undefined && ifMatch.trim() !== "*") needed.push({ action: "s3:GetObject", resource });
  return needed;
}

export function deletingOperations(world: World): Record<string, Operation> {
  return {
    DeleteObject: {
      permissions: (input: DeleteObjectCommandInput) => deletePermissions(world.buckets.get(input).name, input),
      run: (input: DeleteObjectCommandInput, call): Output<DeleteObjectCommandOutput> => {
        refuseMembers(input, refusedDeleteMembers);
        return deleteOne(world, world.buckets.get(input), input, call);
      },
    },
    DeleteObjects: {
      // Each key is judged on its own and refused in the answer, as S3 does.
      permissions: (input: DeleteObjectsCommandInput) => {
        world.buckets.get(input);
        return [];
      },
      run: (input: DeleteObjectsCommandInput, call) => deleteMany(world, input, call),
    },
  };
}

function deleteOne(
  world: World,
  bucket: Readonly<BucketDocument>,
  doomed: Doomed,
  call: Call,
): { DeleteMarker?: boolean; VersionId?: string } {
  const key = checkKey(doomed.Key);
  assertDeletable(key, world.versions.current(bucket.name, key), doomed.IfMatch);
  const deletion =
    doomed.VersionId === undefined
      ? world.versions.delete(bucket, key)
      : world.versions.deleteVersion(bucket, key, doomed.VersionId);
  for (const old of deletion.discarded) world.blobs.discard(old.pieces);
  const { version, kind } = deletion;
  if (version) world.events.deleted(bucket, version, kind === "marker", call);
  if (bucket.versioning === undefined) return {};
  if (kind === "marker") return { DeleteMarker: true, VersionId: version?.versionId ?? "null" };
  if (doomed.VersionId === undefined) return {};
  return { VersionId: doomed.VersionId, ...(version?.deleteMarker && { DeleteMarker: true }) };
}

function deleteMany(world: World, input: DeleteObjectsCommandInput, call: Call): Output<DeleteObjectsCommandOutput> {
  refuseMembers(input, refusedDeleteMembers);
  const bucket = world.buckets.get(input);
  const objects = input.Delete?.Objects ?? [];
  if (objects.length === 0 || objects.length > maximumKeys) throw malformedXml();
  const deleted: NonNullable<DeleteObjectsCommandOutput["Deleted"]> = [];
  const errors: NonNullable<DeleteObjectsCommandOutput["Errors"]> = [];
  for (const object of objects) {
    refuseMembers({ IfMatchLastModifiedTime: object.LastModifiedTime, IfMatchSize: object.Size }, refusedDeleteMembers);
    const { Key, VersionId, ETag: IfMatch } = object;
    try {
      for (const requirement of deletePermissions(bucket.name, { Key, VersionId, IfMatch }))
        call.authorize(requirement);
      const { DeleteMarker, VersionId: made } = deleteOne(world, bucket, { Key, VersionId, IfMatch }, call);
      const marker = DeleteMarker ? { DeleteMarker, ...(made !== undefined && { DeleteMarkerVersionId: made }) } : {};
      deleted.push({ Key, ...(VersionId !== undefined && { VersionId }), ...marker });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      errors.push({ Key, ...(VersionId !== undefined && { VersionId }), Code: error.code, Message: error.message });
    }
  }
  return { ...(!input.Delete?.Quiet && { Deleted: deleted }), Errors: errors };
}
