import { DeleteStackCommand, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { DescribeKeyCommand, ScheduleKeyDeletionCommand } from "@aws-sdk/client-kms";
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
} from "@aws-sdk/client-s3";
import { DeleteParameterCommand, paginateGetParametersByPath } from "@aws-sdk/client-ssm";
import { isNamed } from "../../shared/errors.ts";
import { stackName } from "../aws/stack-outputs.ts";
import { type Account, dataBuckets, stackResources } from "./account.ts";
import type { Holding, Removal } from "./removal.ts";

/** The parameters that point at specs and live releases. The stage's listener was named by people, and stays. */
export function parameterRemoval({ ssm, stage }: Account): Removal {
  return {
    kind: "parameter",
    async list() {
      const input = { Path: `/kiln/${stage}/services`, Recursive: true };
      const found: Holding[] = [];
      for await (const { Parameters = [] } of paginateGetParametersByPath({ client: ssm }, input)) {
        found.push(...Parameters.flatMap(({ Name }) => (Name ? [{ id: Name }] : [])));
      }
      return found;
    },
    async remove({ id }) {
      await unlessNamed(["ParameterNotFound"], () => ssm.send(new DeleteParameterCommand({ Name: id })));
    },
  };
}

/** Unit: days, the least that KMS allows; until then the deletion can be cancelled. */
const keyDeletionDays = 7;

/** The key of the images, none of which is left, then the stack with its own bucket of code. */
export function stackRemovals(account: Account): Removal[] {
  const { stacks, kms, stage } = account;
  const alias = `alias/kiln-${stage}`;
  const StackName = stackName(stage);
  return [
    {
      kind: "key",
      async list() {
        const found = await unlessNamed(["NotFoundException"], () =>
          kms.send(new DescribeKeyCommand({ KeyId: alias })),
        );
        const { KeyId, KeyState } = found?.KeyMetadata ?? {};
        const note = `${alias}; deleted for good after ${keyDeletionDays} days`;
        return KeyId === undefined || KeyState === "PendingDeletion" ? [] : [{ id: KeyId, note }];
      },
      async remove({ id: KeyId }) {
        await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: keyDeletionDays }));
      },
    },
    {
      kind: "bundle",
      list: async () =>
        (await Promise.all((await codeBuckets(account)).map((bucket) => listObjects(account, bucket)))).flat(),
      remove: async () => {
        for (const bucket of await codeBuckets(account)) await emptyBucket(account, bucket);
      },
    },
    {
      kind: "stack",
      async list() {
        const found = await unlessNamed(["ValidationError"], () =>
          stacks.send(new DescribeStacksCommand({ StackName })),
        );
        const { StackStatus } = found?.Stacks?.[0] ?? {};
        if (StackStatus === "DELETE_FAILED") throw new Error(`stack ${StackName} is DELETE_FAILED: see its events`);
        return StackStatus === undefined ? [] : [{ id: StackName }];
      },
      async remove() {
        const found = await unlessNamed(["ValidationError"], () =>
          stacks.send(new DescribeStacksCommand({ StackName })),
        );
        if (found?.Stacks?.[0]?.StackStatus === "DELETE_IN_PROGRESS") return;
        await stacks.send(new DeleteStackCommand({ StackName }));
      },
    },
  ];
}

/** Everything that was ever pushed, and Kiln's memory of it: only when that was asked for by name. */
export function dataRemovals(account: Account): Removal[] {
  const buckets = Object.values(dataBuckets(account));
  return [
    {
      kind: "object version",
      async list() {
        const counts = await Promise.all(buckets.map((bucket) => listObjects(account, bucket)));
        return counts.flatMap((objects, index) =>
          objects.length > 0 ? [{ id: buckets[index] ?? "", note: `${objects.length} or more` }] : [],
        );
      },
      remove: ({ id }) => emptyBucket(account, id),
    },
    {
      kind: "bucket",
      async list() {
        const there = await Promise.all(buckets.map((bucket) => isThere(account, bucket)));
        return buckets.filter((_, index) => there[index]).map((id) => ({ id }));
      },
      async remove({ id }) {
        await unlessNamed(["NoSuchBucket"], () => account.s3.send(new DeleteBucketCommand({ Bucket: id })));
      },
    },
  ];
}

/** The bucket that `serverless deploy` puts bundles and templates in. */
function codeBuckets(account: Account): Promise<string[]> {
  const data = Object.values(dataBuckets(account));
  return stackResources(account, "AWS::S3::Bucket").then((all) => all.filter((bucket) => !data.includes(bucket)));
}

async function isThere({ s3 }: Account, Bucket: string): Promise<boolean> {
  const found = await unlessNamed(["NotFound", "NoSuchBucket"], () => s3.send(new HeadBucketCommand({ Bucket })));
  return found !== undefined;
}

/** One page of a bucket's versions and delete markers; a bucket that is gone has none. */
async function versionsOf({ s3 }: Account, Bucket: string) {
  const page = await unlessNamed(["NoSuchBucket"], () => s3.send(new ListObjectVersionsCommand({ Bucket })));
  return [...(page?.Versions ?? []), ...(page?.DeleteMarkers ?? [])].flatMap(({ Key, VersionId }) =>
    Key === undefined ? [] : [{ Key, VersionId }],
  );
}

async function listObjects(account: Account, bucket: string): Promise<Holding[]> {
  return (await versionsOf(account, bucket)).map(({ Key }) => ({ id: `${bucket}/${Key}` }));
}

/** Unit: objects. DeleteObjects takes at most 1,000, which is also a page of ListObjectVersions. */
const deleteBatch = 1_000;

async function emptyBucket(account: Account, Bucket: string): Promise<void> {
  for (;;) {
    const Objects = (await versionsOf(account, Bucket)).slice(0, deleteBatch);
    if (Objects.length === 0) return;
    const { Errors = [] } = await account.s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    const [first] = Errors;
    if (first) throw new Error(`${Bucket}/${first.Key} was not deleted: ${first.Code}: ${first.Message}`);
  }
}

async function unlessNamed<T>(names: string[], ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isNamed(error, ...names)) return undefined;
    throw error;
  }
}
