import { type ResourceContext, resourceType, tagList } from "../resource-type.ts";
import type { ValueOf } from "../shape.ts";
import type { Json } from "../template.ts";

const encryptionRules = [
  {
    BucketKeyEnabled: "boolean",
    ServerSideEncryptionByDefault: { SSEAlgorithm: "string", KMSMasterKeyID: "string" },
  },
] as const;

const lifecycleRules = [
  {
    Id: "string",
    Status: "string",
    Prefix: "string",
    TagFilters: [{ Key: "string", Value: "string" }],
    ExpirationInDays: "integer",
    ExpiredObjectDeleteMarker: "boolean",
    NoncurrentVersionExpiration: { NoncurrentDays: "integer", NewerNoncurrentVersions: "integer" },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: "integer" },
  },
] as const;

const bucketShape = {
  BucketName: "string",
  BucketEncryption: { ServerSideEncryptionConfiguration: encryptionRules },
  VersioningConfiguration: { Status: "string" },
  PublicAccessBlockConfiguration: {
    BlockPublicAcls: "boolean",
    BlockPublicPolicy: "boolean",
    IgnorePublicAcls: "boolean",
    RestrictPublicBuckets: "boolean",
  },
  OwnershipControls: { Rules: [{ ObjectOwnership: "string" }] },
  NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: "boolean" } },
  LifecycleConfiguration: { Rules: lifecycleRules },
  Tags: tagList,
} as const;

type BucketProperties = { [K in keyof typeof bucketShape]?: ValueOf<(typeof bucketShape)[K]> };

/** Each part of a bucket's configuration: the call that sets it, and the one that takes it away. */
const bucketParts: readonly {
  property: keyof typeof bucketShape;
  put: string;
  input: (value: never) => object;
  remove?: string;
  reset?: object;
}[] = [
  {
    property: "VersioningConfiguration",
    put: "PutBucketVersioning",
    input: (value: { Status?: string }) => ({ VersioningConfiguration: value }),
    reset: { VersioningConfiguration: { Status: "Suspended" } },
  },
  {
    property: "BucketEncryption",
    put: "PutBucketEncryption",
    input: (value: { ServerSideEncryptionConfiguration?: ValueOf<typeof encryptionRules> }) => ({
      ServerSideEncryptionConfiguration: {
        Rules: (value.ServerSideEncryptionConfiguration ?? []).map((rule) => ({
          ...(rule.ServerSideEncryptionByDefault && {
            ApplyServerSideEncryptionByDefault: rule.ServerSideEncryptionByDefault,
          }),
          ...(rule.BucketKeyEnabled !== undefined && { BucketKeyEnabled: rule.BucketKeyEnabled }),
        })),
      },
    }),
    remove: "DeleteBucketEncryption",
  },
  {
    property: "PublicAccessBlockConfiguration",
    put: "PutPublicAccessBlock",
    input: (value: object) => ({ PublicAccessBlockConfiguration: value }),
    remove: "DeletePublicAccessBlock",
  },
  {
    property: "OwnershipControls",
    put: "PutBucketOwnershipControls",
    input: (value: object) => ({ OwnershipControls: value }),
    remove: "DeleteBucketOwnershipControls",
  },
  {
    property: "NotificationConfiguration",
    put: "PutBucketNotificationConfiguration",
    input: (value: { EventBridgeConfiguration?: { EventBridgeEnabled?: boolean } }) => ({
      // In the API the member's presence turns it on; in a template a boolean, true by default, says so.
      NotificationConfiguration:
        value.EventBridgeConfiguration && value.EventBridgeConfiguration.EventBridgeEnabled !== false
          ? { EventBridgeConfiguration: {} }
          : {},
    }),
    reset: { NotificationConfiguration: {} },
  },
  {
    property: "LifecycleConfiguration",
    put: "PutBucketLifecycleConfiguration",
    input: (value: { Rules?: ValueOf<typeof lifecycleRules> }) => ({
      LifecycleConfiguration: { Rules: (value.Rules ?? []).map(lifecycleRule) },
    }),
    remove: "DeleteBucketLifecycle",
  },
];

/** A rule of a template in the API's form, where the filter and the expiry are objects. */
function lifecycleRule(rule: ValueOf<typeof lifecycleRules>[number]) {
  const tags = (rule.TagFilters ?? []).map(({ Key, Value }) => ({ Key, Value }));
  const prefix = rule.Prefix ?? "";
  const filter =
    tags.length === 0
      ? { Prefix: prefix }
      : tags.length === 1 && prefix === ""
        ? { Tag: tags[0] }
        : { And: { Prefix: prefix, Tags: tags } };
  const expiration = {
    ...(rule.ExpirationInDays !== undefined && { Days: rule.ExpirationInDays }),
    ...(rule.ExpiredObjectDeleteMarker !== undefined && { ExpiredObjectDeleteMarker: rule.ExpiredObjectDeleteMarker }),
  };
  return {
    ID: rule.Id,
    Status: rule.Status,
    Filter: filter,
    ...(Object.keys(expiration).length > 0 && { Expiration: expiration }),
    ...(rule.NoncurrentVersionExpiration && { NoncurrentVersionExpiration: rule.NoncurrentVersionExpiration }),
    ...(rule.AbortIncompleteMultipartUpload && { AbortIncompleteMultipartUpload: rule.AbortIncompleteMultipartUpload }),
  };
}

async function configureBucket(
  bucket: string,
  properties: BucketProperties,
  before: BucketProperties,
  context: ResourceContext,
): Promise<void> {
  for (const part of bucketParts) {
    const value = properties[part.property];
    const had = before[part.property];
    if (JSON.stringify(value) === JSON.stringify(had)) continue;
    if (value !== undefined) await context.call("s3", part.put, { Bucket: bucket, ...part.input(value as never) });
    else if (part.remove) await context.call("s3", part.remove, { Bucket: bucket });
    else await context.call("s3", part.put, { Bucket: bucket, ...part.reset });
  }
  const tags = context.tags(properties.Tags);
  if (tags.length > 0) await context.call("s3", "PutBucketTagging", { Bucket: bucket, Tagging: { TagSet: tags } });
}

export const bucket = resourceType({
  shape: bucketShape,
  replaces: ["BucketName"],
  nameProperty: "BucketName",
  async create(properties, context) {
    // Bucket names have no capitals.
    const Bucket = properties.BucketName ?? context.name(63).toLowerCase();
    const { region } = context.kernel.settings;
    const place = region === "us-east-1" ? {} : { CreateBucketConfiguration: { LocationConstraint: region } };
    await context.create("s3", "CreateBucket", { Bucket, ...place }, "BucketAlreadyOwnedByYou");
    const attributes: Record<string, Json> = {
      Arn: `arn:aws:s3:::${Bucket}`,
      DomainName: `${Bucket}.s3.amazonaws.com`,
      RegionalDomainName: `${Bucket}.s3.${region}.amazonaws.com`,
    };
    return { id: Bucket, attributes };
  },
  complete: (id, properties, context) => configureBucket(id, properties, {}, context),
  async update(id, properties, before, context) {
    await configureBucket(id, properties, before, context);
    return undefined;
  },
  remove: (id, _properties, context) => context.remove("s3", "DeleteBucket", { Bucket: id }, "NoSuchBucket"),
});

export const bucketPolicy = resourceType({
  shape: { Bucket: "string", PolicyDocument: "json" },
  required: ["Bucket", "PolicyDocument"],
  replaces: ["Bucket"],
  async create({ Bucket, PolicyDocument }, context) {
    await context.call("s3", "PutBucketPolicy", { Bucket, Policy: JSON.stringify(PolicyDocument) });
    return { id: Bucket };
  },
  async update(_id, { Bucket, PolicyDocument }, _before, context) {
    await context.call("s3", "PutBucketPolicy", { Bucket, Policy: JSON.stringify(PolicyDocument) });
    return undefined;
  },
  remove: (_id, { Bucket }, context) =>
    context.remove("s3", "DeleteBucketPolicy", { Bucket }, "NoSuchBucket", "NoSuchBucketPolicy"),
});
