import { describe, expect, it } from "vitest";
import { s3Cloud } from "./cloud.ts";

describe("buckets", () => {
  it("are private, encrypted and owner-enforced from the start", async () => {
    const { call } = await s3Cloud();
    await call("CreateBucket", { Bucket: "clay" });
    const { ServerSideEncryptionConfiguration } = await call("GetBucketEncryption", { Bucket: "clay" });
    expect(ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm).toBe("AES256");
    const { PublicAccessBlockConfiguration } = await call("GetPublicAccessBlock", { Bucket: "clay" });
    expect(Object.values(PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
    expect(await call("GetBucketVersioning", { Bucket: "clay" })).toEqual({});
  });

  it("have names of S3's kind and are deleted only when empty", async () => {
    const { call, refusal } = await s3Cloud();
    for (const Bucket of ["ab", "Clay", "a..b", "192.168.0.1", "clay-s3alias"]) {
      expect((await refusal("CreateBucket", { Bucket })).code).toBe("InvalidBucketName");
    }
    await call("CreateBucket", { Bucket: "clay" });
    await call("PutObject", { Bucket: "clay", Key: "k", Body: "x" });
    const busy = await refusal("DeleteBucket", { Bucket: "clay" });
    expect([busy.code, busy.status]).toEqual(["BucketNotEmpty", 409]);
    await call("DeleteObject", { Bucket: "clay", Key: "k" });
    await call("DeleteBucket", { Bucket: "clay" });
    const gone = await refusal("HeadBucket", { Bucket: "clay" });
    expect([gone.code, gone.status]).toEqual(["NoSuchBucket", 404]);
  });

  it("count versions and delete markers as content", async () => {
    const { call, refusal } = await s3Cloud();
    await call("CreateBucket", { Bucket: "clay" });
    await call("PutBucketVersioning", { Bucket: "clay", VersioningConfiguration: { Status: "Enabled" } });
    await call("DeleteObject", { Bucket: "clay", Key: "never-there" });
    expect((await refusal("DeleteBucket", { Bucket: "clay" })).code).toBe("BucketNotEmpty");
  });

  it("expose their policy for the ARN of any object in them, and refuse a public or foreign one", async () => {
    const { call, refusal, service } = await s3Cloud();
    await call("CreateBucket", { Bucket: "clay" });
    const policyFor = (Principal: unknown, Resource: string) =>
      JSON.stringify({ Statement: [{ Effect: "Allow", Principal, Action: "s3:GetObject", Resource }] });
    const Policy = policyFor({ AWS: "arn:aws:iam::123456789012:root" }, "arn:aws:s3:::clay/*");
    await call("PutBucketPolicy", { Bucket: "clay", Policy });
    expect(service.bucketPolicy("arn:aws:s3:::clay/some/key")).toBe(Policy);
    expect(service.bucketPolicy("arn:aws:s3:::other")).toBeUndefined();
    const open = { Bucket: "clay", Policy: policyFor("*", "arn:aws:s3:::clay/*") };
    expect((await refusal("PutBucketPolicy", open)).message).toContain("BlockPublicPolicy");
    const foreign = { Bucket: "clay", Policy: policyFor("*", "arn:aws:s3:::other/*") };
    expect((await refusal("PutBucketPolicy", foreign)).code).toBe("MalformedPolicy");
  });

  it("keep settings as they were written and say 404 for those never made", async () => {
    const { call, refusal } = await s3Cloud();
    await call("CreateBucket", { Bucket: "clay" });
    expect((await refusal("GetBucketTagging", { Bucket: "clay" })).code).toBe("NoSuchTagSet");
    expect((await refusal("GetBucketLifecycleConfiguration", { Bucket: "clay" })).status).toBe(404);
    const TagSet = [{ Key: "stage", Value: "dev" }];
    await call("PutBucketTagging", { Bucket: "clay", Tagging: { TagSet } });
    expect((await call("GetBucketTagging", { Bucket: "clay" })).TagSet).toEqual(TagSet);
    const queue = { NotificationConfiguration: { QueueConfigurations: [{ QueueArn: "arn", Events: ["s3:*"] }] } };
    const error = await refusal("PutBucketNotificationConfiguration", { Bucket: "clay", ...queue });
    expect(error.message).toContain("QueueConfigurations");
  });

  it("judge each operation by the action and ARN of the service authorization reference", async () => {
    const { call, kernel } = await s3Cloud();
    await call("CreateBucket", { Bucket: "clay" });
    await call("PutObject", { Bucket: "clay", Key: "k", Body: "x" });
    const judged: string[] = [];
    kernel.judge = (_caller, { action, resource }) => {
      judged.push(`${action} ${resource}`);
      return undefined;
    };
    await call("HeadObject", { Bucket: "clay", Key: "k" });
    await call("ListObjectsV2", { Bucket: "clay" });
    await call("ListBuckets", {});
    await call("GetBucketEncryption", { Bucket: "clay" });
    await call("CopyObject", { Bucket: "clay", Key: "copy", CopySource: "clay/k" });
    expect(judged).toEqual([
      "s3:GetObject arn:aws:s3:::clay/k",
      "s3:ListBucket arn:aws:s3:::clay",
      "s3:ListAllMyBuckets *",
      "s3:GetEncryptionConfiguration arn:aws:s3:::clay",
      "s3:GetObject arn:aws:s3:::clay/k",
      "s3:PutObject arn:aws:s3:::clay/copy",
    ]);
  });
});
