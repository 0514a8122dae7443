import type {
  CreateBucketCommandInput,
  CreateBucketCommandOutput,
  ListBucketsCommandInput,
  ListBucketsCommandOutput,
} from "@aws-sdk/client-s3";
import { AwsError } from "../core/aws-error.ts";
import type { Operation } from "../core/kernel.ts";
import { bucketArn, isBucketName } from "./buckets.ts";
import { defaultEncryption } from "./encryption.ts";
import { refuseMembers } from "./errors.ts";
import { ownerId } from "./listing.ts";
import { contextOf, onBucket } from "./permissions.ts";
import { checkTags } from "./properties.ts";
import type { World } from "./world.ts";

type Output<T> = Omit<T, "$metadata">;

const refusedBucketMembers = [
  "GrantFullControl",
  "GrantRead",
  "GrantReadACP",
  "GrantWrite",
  "GrantWriteACP",
  "ObjectLockEnabledForBucket",
  "BucketNamespace",
];

/** Making, finding and removing buckets. */
export function bucketOperations(world: World): Record<string, Operation> {
  const { settings } = world.kernel;
  return {
    CreateBucket: {
      permissions: (input: CreateBucketCommandInput) => [
        {
          action: "s3:CreateBucket",
          resource: bucketArn(input.Bucket ?? ""),
          context: contextOf({
            "s3:locationconstraint": input.CreateBucketConfiguration?.LocationConstraint,
            "s3:x-amz-acl": input.ACL,
            "s3:x-amz-object-ownership": input.ObjectOwnership,
          }),
        },
      ],
      run: (input: CreateBucketCommandInput) => createBucket(world, input),
    },
    HeadBucket: {
      permissions: onBucket(world, "ListBucket"),
      run: (input) => {
        const { name } = world.buckets.get(input);
        return { BucketArn: bucketArn(name), BucketRegion: settings.region, AccessPointAlias: false };
      },
    },
    DeleteBucket: {
      permissions: onBucket(world, "DeleteBucket"),
      run: (input) => {
        const { name } = world.buckets.get(input);
        if (!world.versions.isEmpty(name)) {
          const message = "The bucket you tried to delete is not empty";
          throw new AwsError("BucketNotEmpty", message, 409, { BucketName: name });
        }
        // S3 aborts unfinished uploads of a bucket that is deleted.
        for (const { uploadId } of world.uploads.list(name)) {
          for (const part of world.uploads.parts(uploadId)) world.blobs.discard([part.piece]);
          world.uploads.end(uploadId);
        }
        world.buckets.delete(name);
        return {};
      },
    },
    ListBuckets: {
      permissions: () => [{ action: "s3:ListAllMyBuckets", resource: "*" }],
      run: (input: ListBucketsCommandInput) => listBuckets(world, input),
    },
    GetBucketLocation: {
      permissions: onBucket(world, "GetBucketLocation"),
      run: (input) => {
        world.buckets.get(input);
        // The first region has no location constraint: S3 answers it with an empty element.
        return settings.region === "us-east-1" ? {} : { LocationConstraint: settings.region };
      },
    },
  };
}

function createBucket(world: World, input: CreateBucketCommandInput): Output<CreateBucketCommandOutput> {
  const { region } = world.kernel.settings;
  const name = input.Bucket ?? "";
  refuseMembers(input, refusedBucketMembers);
  if (input.ACL !== undefined && input.ACL !== "private") refuseMembers(input, ["ACL"]);
  if (!isBucketName(name)) {
    throw new AwsError("InvalidBucketName", "The specified bucket is not valid.", 400, { BucketName: name });
  }
  refuseLocation(input.CreateBucketConfiguration?.LocationConstraint, region);
  if (world.buckets.find(name)) {
    // In the first region creating one's own bucket again succeeds. Source: CreateBucket's API reference.
    if (region === "us-east-1") return { Location: `/${name}`, BucketArn: bucketArn(name) };
    throw new AwsError(
      "BucketAlreadyOwnedByYou",
      "Your previous request to create the named bucket succeeded and you already own it.",
      409,
      { BucketName: name },
    );
  }
  const tags = checkTags(input.CreateBucketConfiguration?.Tags ?? [], 50);
  const closed = {
    BlockPublicAcls: true,
    IgnorePublicAcls: true,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: true,
  };
  world.buckets.put({
    name,
    createdAtMs: world.kernel.clock.now(),
    encryption: defaultEncryption,
    publicAccessBlock: closed,
    ownership: { Rules: [{ ObjectOwnership: input.ObjectOwnership ?? "BucketOwnerEnforced" }] },
    notification: {},
    ...(tags.length > 0 && { tags }),
  });
  return { Location: `/${name}`, BucketArn: bucketArn(name) };
}

function refuseLocation(constraint: string | undefined, region: string): void {
  const expected = region === "us-east-1" ? undefined : region;
  if (constraint === expected) return;
  const message =
    constraint === undefined
      ? "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to."
      : `The ${constraint} location constraint is incompatible for the region specific endpoint this request was sent to.`;
  throw new AwsError("IllegalLocationConstraintException", message, 400);
}

function listBuckets(world: World, input: ListBucketsCommandInput): Output<ListBucketsCommandOutput> {
  const { region, accountId } = world.kernel.settings;
  const limit = input.MaxBuckets ?? 10_000;
  const following = world.buckets
    .list()
    .filter((bucket) => bucket.name.startsWith(input.Prefix ?? "") && bucket.name > (input.ContinuationToken ?? ""))
    .filter(() => input.BucketRegion === undefined || input.BucketRegion === region);
  const page = following.slice(0, limit);
  return {
    Buckets: page.map((bucket) => ({
      Name: bucket.name,
      CreationDate: new Date(bucket.createdAtMs),
      BucketArn: bucketArn(bucket.name),
      BucketRegion: region,
    })),
    Owner: { ID: ownerId(world), DisplayName: accountId },
    ...(input.Prefix !== undefined && { Prefix: input.Prefix }),
    ...(following.length > page.length && { ContinuationToken: page.at(-1)?.name }),
  };
}
