import { AwsError } from "../core/aws-error.ts";
import type { Operation } from "../core/kernel.ts";
import { bucketArn } from "./buckets.ts";
import type { BucketDocument } from "./documents.ts";
import { defaultEncryption } from "./encryption.ts";
import { malformedXml, refuseMembers } from "./errors.ts";
import { onBucket } from "./permissions.ts";
import { checkTags } from "./properties.ts";
import type { World } from "./world.ts";

interface BucketInput {
  Bucket?: string | undefined;
  ExpectedBucketOwner?: string | undefined;
}

/** Builds the operations that read, write and remove one setting of a bucket. */
function settingOperations(world: World) {
  return {
    get: <I extends BucketInput>(action: string, read: (bucket: Readonly<BucketDocument>) => unknown): Operation => ({
      permissions: onBucket<I>(world, action),
      run: (input: I) => read(world.buckets.get(input)),
    }),
    change: <I extends BucketInput>(
      action: string,
      changed: (bucket: Readonly<BucketDocument>, input: I) => BucketDocument,
    ): Operation => ({
      permissions: onBucket<I>(world, action),
      run: (input: I) => {
        world.buckets.put(changed(world.buckets.get(input), input));
        return {};
      },
    }),
  };
}

/** 404 for a setting that was never made. */
function missing(code: string, message: string, bucket: string): AwsError {
  return new AwsError(code, message, 404, { BucketName: bucket });
}

/** Settings of buckets. Permission names differ from operation names where the service authorization reference says so. */
export function bucketSettingOperations(world: World): Record<string, Operation> {
  return {
    ...versioningOperations(world),
    ...protectionOperations(world),
    ...policyOperations(world),
    ...lifecycleOperations(world),
    ...notificationOperations(world),
    ...taggingOperations(world),
  };
}

function versioningOperations(world: World): Record<string, Operation> {
  const { get, change } = settingOperations(world);
  return {
    GetBucketVersioning: get("GetBucketVersioning", (bucket) =>
      bucket.versioning === undefined ? {} : { Status: bucket.versioning },
    ),
    PutBucketVersioning: change(
      "PutBucketVersioning",
      (bucket, input: BucketInput & { VersioningConfiguration?: { Status?: string; MFADelete?: string } }) => {
        const { Status: status, MFADelete: mfaDelete } = input.VersioningConfiguration ?? {};
        if (mfaDelete === "Enabled") refuseMembers({ MFADelete: mfaDelete }, ["MFADelete"]);
        if (status !== "Enabled" && status !== "Suspended") {
          throw new AwsError(
            "IllegalVersioningConfigurationException",
            "The Versioning element must be specified",
            400,
          );
        }
        return { ...bucket, versioning: status };
      },
    ),
  };
}

function protectionOperations(world: World): Record<string, Operation> {
  const { get, change } = settingOperations(world);
  return {
    GetBucketEncryption: get("GetEncryptionConfiguration", (bucket) => ({
      ServerSideEncryptionConfiguration: bucket.encryption,
    })),
    PutBucketEncryption: change(
      "PutEncryptionConfiguration",
      (bucket, input: BucketInput & { ServerSideEncryptionConfiguration?: BucketDocument["encryption"] }) => {
        const configuration = input.ServerSideEncryptionConfiguration;
        if (configuration?.Rules?.length !== 1) throw malformedXml();
        return { ...bucket, encryption: configuration };
      },
    ),
    DeleteBucketEncryption: change("PutEncryptionConfiguration", (bucket) => ({
      ...bucket,
      encryption: defaultEncryption,
    })),
    GetPublicAccessBlock: get("GetBucketPublicAccessBlock", (bucket) => {
      if (bucket.publicAccessBlock) return { PublicAccessBlockConfiguration: bucket.publicAccessBlock };
      throw missing(
        "NoSuchPublicAccessBlockConfiguration",
        "The public access block configuration was not found",
        bucket.name,
      );
    }),
    PutPublicAccessBlock: change(
      "PutBucketPublicAccessBlock",
      (bucket, input: BucketInput & { PublicAccessBlockConfiguration?: BucketDocument["publicAccessBlock"] }) => {
        const given = input.PublicAccessBlockConfiguration;
        if (!given) throw malformedXml();
        return {
          ...bucket,
          publicAccessBlock: {
            BlockPublicAcls: given.BlockPublicAcls ?? false,
            IgnorePublicAcls: given.IgnorePublicAcls ?? false,
            BlockPublicPolicy: given.BlockPublicPolicy ?? false,
            RestrictPublicBuckets: given.RestrictPublicBuckets ?? false,
          },
        };
      },
    ),
    DeletePublicAccessBlock: change(
      "PutBucketPublicAccessBlock",
      ({ publicAccessBlock: _removed, ...bucket }) => bucket,
    ),
    GetBucketOwnershipControls: get("GetBucketOwnershipControls", (bucket) => ({
      OwnershipControls: bucket.ownership,
    })),
    PutBucketOwnershipControls: change(
      "PutBucketOwnershipControls",
      (bucket, input: BucketInput & { OwnershipControls?: BucketDocument["ownership"] }) => {
        if (input.OwnershipControls?.Rules?.length !== 1) throw malformedXml();
        return { ...bucket, ownership: input.OwnershipControls };
      },
    ),
    GetBucketAcl: get("GetBucketAcl", () => {
      const owner = { ID: world.kernel.settings.accountId.padStart(64, "0") };
      return { Owner: owner, Grants: [{ Grantee: { ...owner, Type: "CanonicalUser" }, Permission: "FULL_CONTROL" }] };
    }),
  };
}

/** Bytes of a bucket policy. Source: S3 user guide, "Bucket policies for Amazon S3". */
const maximumPolicyBytes = 20 * 1024;

function policyOperations(world: World): Record<string, Operation> {
  const { get, change } = settingOperations(world);
  return {
    GetBucketPolicy: get("GetBucketPolicy", (bucket) => {
      if (bucket.policy !== undefined) return { Policy: bucket.policy };
      throw missing("NoSuchBucketPolicy", "The bucket policy does not exist", bucket.name);
    }),
    PutBucketPolicy: change("PutBucketPolicy", (bucket, input: BucketInput & { Policy?: string }) => ({
      ...bucket,
      policy: checkPolicy(bucket, input.Policy ?? ""),
    })),
    DeleteBucketPolicy: change("DeleteBucketPolicy", ({ policy: _removed, ...bucket }) => bucket),
  };
}

/** @throws {AwsError} MalformedPolicy; AccessDenied for a public policy where the bucket blocks those. */
function checkPolicy(bucket: Readonly<BucketDocument>, text: string): string {
  if (Buffer.byteLength(text) > maximumPolicyBytes) {
    throw new AwsError("PolicyTooLarge", "Policy exceeds the maximum allowed document size.", 400);
  }
  const statements = policyStatements(text);
  const own = bucketArn(bucket.name);
  for (const statement of statements) {
    const resources = [statement["Resource"] ?? statement["NotResource"] ?? []].flat();
    if (!resources.every((resource) => resource === own || String(resource).startsWith(`${own}/`))) {
      throw new AwsError("MalformedPolicy", "Policy has invalid resource", 400);
    }
    const isPublic =
      statement["Effect"] === "Allow" && statement["Condition"] === undefined && isEveryone(statement["Principal"]);
    if (isPublic && bucket.publicAccessBlock?.BlockPublicPolicy) {
      throw new AwsError(
        "AccessDenied",
        `User is not authorized to perform: s3:PutBucketPolicy on resource: "${own}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.`,
        403,
      );
    }
  }
  return text;
}

function policyStatements(text: string): Record<string, unknown>[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new AwsError("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'", 400);
  }
  const statements = [(document as { Statement?: unknown } | null)?.Statement ?? []].flat() as Record<
    string,
    unknown
  >[];
  if (statements.length === 0) throw new AwsError("MalformedPolicy", "Missing required field Statement", 400);
  for (const statement of statements) {
    for (const field of ["Effect", "Principal", "Action", "Resource"]) {
      if (statement[field] === undefined && statement[`Not${field}`] === undefined) {
        throw new AwsError("MalformedPolicy", `Missing required field ${field}`, 400);
      }
    }
  }
  return statements;
}

function isEveryone(principal: unknown): boolean {
  if (principal === "*") return true;
  const accounts = (principal as { AWS?: unknown } | undefined)?.AWS;
  return [accounts].flat().includes("*");
}

function lifecycleOperations(world: World): Record<string, Operation> {
  const { get, change } = settingOperations(world);
  return {
    GetBucketLifecycleConfiguration: get("GetLifecycleConfiguration", (bucket) => {
      if (bucket.lifecycle) {
        return { Rules: bucket.lifecycle, TransitionDefaultMinimumObjectSize: "all_storage_classes_128K" };
      }
      throw missing("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", bucket.name);
    }),
    PutBucketLifecycleConfiguration: change(
      "PutLifecycleConfiguration",
      (bucket, input: BucketInput & { LifecycleConfiguration?: { Rules?: BucketDocument["lifecycle"] } }) => {
        const rules = input.LifecycleConfiguration?.Rules;
        if (!rules || rules.length === 0 || rules.length > 1000) throw malformedXml();
        const named = rules.map((rule) => ({ ...rule, ID: rule.ID ?? world.kernel.random.code(48) }));
        return { ...bucket, lifecycle: named };
      },
    ),
    DeleteBucketLifecycle: change("PutLifecycleConfiguration", ({ lifecycle: _removed, ...bucket }) => bucket),
  };
}

function notificationOperations(world: World): Record<string, Operation> {
  const { get, change } = settingOperations(world);
  return {
    GetBucketNotificationConfiguration: get("GetBucketNotification", (bucket) => bucket.notification),
    PutBucketNotificationConfiguration: change(
      "PutBucketNotification",
      (bucket, input: BucketInput & { NotificationConfiguration?: BucketDocument["notification"] }) => {
        const configuration = input.NotificationConfiguration;
        if (!configuration) throw malformedXml();
        // Only delivery through EventBridge exists here; accepting the others would lose their events silently.
        for (const name of ["TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations"] as const) {
          if ((configuration[name]?.length ?? 0) > 0) refuseMembers(configuration, [name]);
        }
        return {
          ...bucket,
          notification: configuration.EventBridgeConfiguration ? { EventBridgeConfiguration: {} } : {},
        };
      },
    ),
  };
}

function taggingOperations(world: World): Record<string, Operation> {
  const { get, change } = settingOperations(world);
  return {
    GetBucketTagging: get("GetBucketTagging", (bucket) => {
      if (bucket.tags) return { TagSet: bucket.tags };
      throw missing("NoSuchTagSet", "The TagSet does not exist", bucket.name);
    }),
    PutBucketTagging: change(
      "PutBucketTagging",
      (bucket, input: BucketInput & { Tagging?: { TagSet?: { Key?: string; Value?: string }[] } }) => ({
        ...bucket,
        tags: checkTags(input.Tagging?.TagSet ?? [], 50),
      }),
    ),
    DeleteBucketTagging: change("PutBucketTagging", ({ tags: _removed, ...bucket }) => bucket),
  };
}
