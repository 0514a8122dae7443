import { expect, it } from "vitest";
import { s3Cloud } from "./cloud.ts";

const keyArn = "arn:aws:kms:us-east-1:123456789012:key/1234";

async function cloudWithKey(KeyState: string) {
  const cloud = await s3Cloud();
  cloud.kernel.register({
    id: "kms",
    operations: { DescribeKey: { run: () => ({ KeyMetadata: { Arn: keyArn, KeyState } }) } },
  });
  await cloud.call("CreateBucket", { Bucket: "clay" });
  const ApplyServerSideEncryptionByDefault = { SSEAlgorithm: "aws:kms", KMSMasterKeyID: "alias/kiln" };
  const Rules = [{ ApplyServerSideEncryptionByDefault, BucketKeyEnabled: true }];
  await cloud.call("PutBucketEncryption", { Bucket: "clay", ServerSideEncryptionConfiguration: { Rules } });
  return cloud;
}

it("encrypts with the bucket's key and says so", async () => {
  const { call } = await cloudWithKey("Enabled");
  const shown = { ServerSideEncryption: "aws:kms", SSEKMSKeyId: keyArn, BucketKeyEnabled: true };
  expect(await call("PutObject", { Bucket: "clay", Key: "k", Body: "x" })).toMatchObject(shown);
  expect(await call("HeadObject", { Bucket: "clay", Key: "k" })).toMatchObject(shown);
  const own = await call("PutObject", { Bucket: "clay", Key: "own", Body: "x", ServerSideEncryption: "AES256" });
  expect(own.SSEKMSKeyId).toBeUndefined();
});

it("needs the key's permissions beside S3's own, through S3 and for this bucket", async () => {
  const { call, kernel, refusal } = await cloudWithKey("Enabled");
  await call("PutObject", { Bucket: "clay", Key: "k", Body: "x" });
  kernel.judge = (_caller, { action, resource, context }) =>
    action.startsWith("kms:") ? `because of ${resource} ${context?.["kms:ViaService"]}` : undefined;
  const reason = `because of ${keyArn} s3.us-east-1.amazonaws.com`;
  const write = await refusal("PutObject", { Bucket: "clay", Key: "k", Body: "x" });
  expect([write.code, write.message]).toEqual(["AccessDenied", expect.stringContaining(reason)]);
  expect(write.message).toContain("kms:GenerateDataKey");
  expect((await refusal("GetObject", { Bucket: "clay", Key: "k" })).message).toContain("kms:Decrypt");
});

it("writes nothing under a key that is disabled", async () => {
  const { refusal } = await cloudWithKey("Disabled");
  expect((await refusal("PutObject", { Bucket: "clay", Key: "k", Body: "x" })).code).toBe("KMS.DisabledException");
  expect((await refusal("HeadObject", { Bucket: "clay", Key: "k" })).code).toBe("NoSuchKey");
});
