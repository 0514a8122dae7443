import {
  CreateAutoScalingGroupCommand,
  DeleteAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import { DescribeSubnetsCommand, DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  type CreateBucketCommandInput,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { DeleteParameterCommand, GetParameterHistoryCommand, PutParameterCommand } from "@aws-sdk/client-ssm";
import { AssumeRoleCommand, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { clientConfiguration } from "../../cli/aws/connection.ts";
import type { Account } from "./account.ts";
import { type Check, refusal, refusalText } from "./check.ts";

async function bucket(account: Account): Promise<string> {
  const Bucket = account.name("objects");
  const region = account.connection.region;
  const LocationConstraint = region as NonNullable<
    CreateBucketCommandInput["CreateBucketConfiguration"]
  >["LocationConstraint"];
  const elsewhere = region !== undefined && region !== "us-east-1";
  await account.s3.send(
    new CreateBucketCommand({ Bucket, ...(elsewhere && { CreateBucketConfiguration: { LocationConstraint } }) }),
  );
  account.cleanUp(`bucket ${Bucket}`, () => account.s3.send(new DeleteBucketCommand({ Bucket })));
  return Bucket;
}

async function subnet(account: Account): Promise<string> {
  const { Vpcs } = await account.ec2.send(
    new DescribeVpcsCommand({ Filters: [{ Name: "is-default", Values: ["true"] }] }),
  );
  const VpcId = Vpcs?.[0]?.VpcId;
  if (VpcId === undefined) throw new Error("this region has no default VPC; name another region");
  const { Subnets } = await account.ec2.send(
    new DescribeSubnetsCommand({ Filters: [{ Name: "vpc-id", Values: [VpcId] }] }),
  );
  return Subnets?.[0]?.SubnetId ?? "";
}

export const serviceChecks: readonly Check[] = [
  {
    name: "missing-launch-template",
    question: "In which words does Auto Scaling refuse a launch template that is not there (yet)?",
    assumed: { error: "ValidationError", saysLaunchTemplateDoesNotExist: true },
    basis: "shared/aws/fleets.ts takes these words for EC2's eventual consistency and tries again.",
    cents: 0,
    async run(account) {
      const AutoScalingGroupName = account.name("group");
      account.cleanUp(`group ${AutoScalingGroupName}`, () =>
        account.scaling.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName, ForceDelete: true })),
      );
      const text = await refusalText(
        account.scaling.send(
          new CreateAutoScalingGroupCommand({
            AutoScalingGroupName,
            LaunchTemplate: { LaunchTemplateName: account.name("nowhere"), Version: "1" },
            MinSize: 0,
            MaxSize: 0,
            VPCZoneIdentifier: await subnet(account),
            Tags: account.tags.map((tag) => ({ ...tag, PropagateAtLaunch: true })),
          }),
        ),
      );
      const [error] = text.split(":");
      return { facts: { error, saysLaunchTemplateDoesNotExist: /launch template.*does not exist/is.test(text) } };
    },
  },
  {
    name: "missing-group",
    question: "In which words does Auto Scaling say that a group is gone?",
    assumed: { error: "ValidationError", saysNotFound: true },
    basis: "shared/aws/fleets.ts takes these words for done when it empties and deletes a fleet.",
    cents: 0,
    async run(account) {
      const update = new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: account.name("gone"), MinSize: 0 });
      const text = await refusalText(account.scaling.send(update));
      const [error] = text.split(":");
      return { facts: { error, saysNotFound: /not found/i.test(text) } };
    },
  },
  {
    name: "conditional-write",
    question: "What do conditional writes answer when the condition does not hold, and when the object is gone?",
    assumed: { createTwice: "PreconditionFailed", staleChange: "PreconditionFailed", changeOfNothing: "NoSuchKey" },
    basis: "S3 user guide, conditional writes. Ledger and lease rest on it.",
    cents: 1,
    async run(account) {
      const Bucket = await bucket(account);
      const put = (Key: string, condition: { IfMatch?: string; IfNoneMatch?: string }) =>
        account.s3.send(new PutObjectCommand({ Bucket, Key, Body: Math.random().toString(), ...condition }));
      account.cleanUp("the object", () => account.s3.send(new DeleteObjectCommand({ Bucket, Key: "one" })));
      const { ETag } = await put("one", { IfNoneMatch: "*" });
      const createTwice = await refusal(put("one", { IfNoneMatch: "*" }));
      await put("one", { IfMatch: ETag ?? "" });
      const staleChange = await refusal(put("one", { IfMatch: ETag ?? "" }));
      const changeOfNothing = await refusal(put("none", { IfMatch: ETag ?? "" }));
      return { facts: { createTwice, staleChange, changeOfNothing } };
    },
  },
  {
    name: "multipart-checksum",
    question: "Does an upload that named no checksum take a part with one?",
    assumed: { part: "InvalidRequest" },
    basis:
      "boto/botocore issue 3216 shows the refusal for CRC32C in 2024; SDKs have since begun to send CRC32 by themselves.",
    cents: 1,
    async run(account) {
      const upload = { Bucket: await bucket(account), Key: "parts" };
      const { UploadId } = await account.s3.send(new CreateMultipartUploadCommand(upload));
      account.cleanUp("the upload", () => account.s3.send(new AbortMultipartUploadCommand({ ...upload, UploadId })));
      const part = new UploadPartCommand({
        ...upload,
        UploadId,
        PartNumber: 1,
        Body: "bytes",
        ChecksumAlgorithm: "CRC32C",
      });
      return { facts: { part: await refusal(account.s3.send(part)) } };
    },
  },
  {
    name: "image-parameter",
    question: "Is a parameter of type aws:ec2:image with an image that is not there refused at once?",
    assumed: { answer: "none" },
    basis: "SSM API reference, PutParameter: validation is asynchronous, success does not mean the value is good.",
    cents: 0,
    async run(account) {
      const Name = `/${account.name("image")}`;
      account.cleanUp(`parameter ${Name}`, () => account.ssm.send(new DeleteParameterCommand({ Name })));
      const put = new PutParameterCommand({
        Name,
        Value: "ami-0123456789abcdef0",
        Type: "String",
        DataType: "aws:ec2:image",
        Tags: account.tags,
      });
      const answer = await refusal(account.ssm.send(put));
      if (answer === "none") await refusal(account.ssm.send(new GetParameterHistoryCommand({ Name })));
      return { facts: { answer } };
    },
  },
  {
    name: "denial-words",
    question: "Does a refusal name principal, action and resource?",
    assumed: { error: "UnauthorizedOperation", namesPrincipal: true, namesAction: true },
    basis: "EC2 user guide, troubleshooting. People are shown these words by kiln why.",
    cents: 0,
    async run(account) {
      const RoleName = account.name("denied").slice(0, 64);
      const { Arn: me } = await account.sts.send(new GetCallerIdentityCommand({}));
      const principal = (me ?? "").replace(/:sts:/, ":iam:").replace(/:assumed-role\/([^/]+)\/.*$/, ":role/$1");
      const trust = { Effect: "Allow", Principal: { AWS: principal }, Action: "sts:AssumeRole" };
      const document = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
      const { Role } = await account.iam.send(
        new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust), Tags: account.tags }),
      );
      account.cleanUp(`role ${RoleName}`, () => account.iam.send(new DeleteRoleCommand({ RoleName })));
      const nothing = { Effect: "Deny", Action: "ec2:*", Resource: "*" };
      const policy = { RoleName, PolicyName: "nothing" };
      await account.iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument: document(nothing) }));
      account.cleanUp("its policy", () => account.iam.send(new DeleteRolePolicyCommand(policy)));
      const assume = new AssumeRoleCommand({ RoleArn: Role?.Arn ?? "", RoleSessionName: "verify" });
      const { Credentials } = await account.until("the role to be assumed", () =>
        account.sts.send(assume).catch(notTrustedYet),
      );
      const credentials = {
        accessKeyId: Credentials?.AccessKeyId ?? "",
        secretAccessKey: Credentials?.SecretAccessKey ?? "",
        sessionToken: Credentials?.SessionToken ?? "",
      };
      const denied = new EC2Client({ ...clientConfiguration(account.connection), credentials });
      const text = await refusalText(denied.send(new DescribeVpcsCommand({})));
      denied.destroy();
      const facts = {
        error: text.split(":")[0],
        namesPrincipal: text.includes(`assumed-role/${RoleName}/verify`),
        namesAction: text.includes("ec2:DescribeVpcs"),
      };
      return { facts };
    },
  },
];

/** A role that was just made may be assumed some seconds later. */
function notTrustedYet(error: Error): undefined {
  if (error.name === "AccessDenied") return undefined;
  throw error;
}
