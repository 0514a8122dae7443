import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AssumeRoleCommandOutput, GetCallerIdentityCommandOutput } from "@aws-sdk/client-sts";
import { describe, expect, it, onTestFinished } from "vitest";
import { VirtualClock } from "../../../local/core/clock.ts";
import { type Caller, Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { administrator, administratorKey } from "../../../local/iam/administrator.ts";
import { IamService } from "../../../local/iam/service.ts";
import { account, iamCloud, policyOf, trusting } from "./iam-cloud.ts";

const lambda = { Service: "lambda.amazonaws.com" };

async function withRole(statements: object[], principal: object = lambda) {
  const cloud = iamCloud();
  await cloud.call("CreateRole", { RoleName: "r", Path: "/kiln/dev/", AssumeRolePolicyDocument: trusting(principal) });
  if (statements.length > 0) {
    await cloud.call("PutRolePolicy", { RoleName: "r", PolicyName: "p", PolicyDocument: policyOf(...statements) });
  }
  return { ...cloud, roleArn: `arn:aws:iam::${account}:role/kiln/dev/r` };
}

/** The caller that a session of the role is. */
async function sessionOf(cloud: Awaited<ReturnType<typeof withRole>>, extra: object = {}): Promise<Caller> {
  const service = cloud.kernel.serviceCaller("lambda.amazonaws.com");
  const input = { RoleArn: cloud.roleArn, RoleSessionName: "s1", ...extra };
  const { Credentials } = await cloud.as(service, "sts")<AssumeRoleCommandOutput>("AssumeRole", input);
  return cloud.iam.callerFor(Credentials?.AccessKeyId ?? "", Credentials?.SessionToken).caller;
}

describe("roles", () => {
  it("keep what they were created with, under an ARN with their path", async () => {
    const { call, roleArn } = await withRole([]);
    expect(await call("GetRole", { RoleName: "r" })).toMatchObject({
      Role: {
        Arn: roleArn,
        Path: "/kiln/dev/",
        MaxSessionDuration: 3600,
        RoleId: expect.stringMatching(/^AROA\w{17}$/),
      },
    });
    expect(await call("ListRoles", { PathPrefix: "/kiln/" })).toMatchObject({ Roles: [{ RoleName: "r" }] });
    expect(await call("ListRoles", { PathPrefix: "/other/" })).toMatchObject({ Roles: [] });
  });

  it("refuse a name that is taken, in whatever case", async () => {
    const { call } = await withRole([]);
    const again = call("CreateRole", { RoleName: "R", AssumeRolePolicyDocument: trusting(lambda) });
    await expect(again).rejects.toMatchObject({ code: "EntityAlreadyExists", status: 409 });
  });

  it("cannot be deleted before their policies and instance profiles let go of them", async () => {
    const { call } = await withRole([{ Action: "s3:*", Resource: "*" }]);
    const attachment = { RoleName: "r", PolicyArn: "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole" };
    await call("AttachRolePolicy", attachment);
    await call("CreateInstanceProfile", { InstanceProfileName: "ip" });
    await call("AddRoleToInstanceProfile", { InstanceProfileName: "ip", RoleName: "r" });
    const conflict = { code: "DeleteConflict", status: 409 };
    await expect(call("DeleteRole", { RoleName: "r" })).rejects.toMatchObject(conflict);
    await call("RemoveRoleFromInstanceProfile", { InstanceProfileName: "ip", RoleName: "r" });
    await expect(call("DeleteRole", { RoleName: "r" })).rejects.toMatchObject(conflict);
    await call("DetachRolePolicy", attachment);
    await expect(call("DeleteRole", { RoleName: "r" })).rejects.toMatchObject(conflict);
    await call("DeleteRolePolicy", { RoleName: "r", PolicyName: "p" });
    await call("DeleteRole", { RoleName: "r" });
    await expect(call("GetRole", { RoleName: "r" })).rejects.toMatchObject({
      code: "NoSuchEntity",
      message: "The role with name r cannot be found.",
    });
  });

  it("refuse trust policies with resources or principals that do not exist", async () => {
    const { call } = iamCloud();
    const role = (AssumeRolePolicyDocument: string) => call("CreateRole", { RoleName: "x", AssumeRolePolicyDocument });
    const malformed = { code: "MalformedPolicyDocument" };
    await expect(role(policyOf({ Action: "sts:AssumeRole", Principal: "*", Resource: "*" }))).rejects.toMatchObject(
      malformed,
    );
    await expect(role(trusting({ AWS: `arn:aws:iam::${account}:role/ghost` }))).rejects.toMatchObject(malformed);
    await expect(call("GetRole", { RoleName: "x" })).rejects.toMatchObject({ code: "NoSuchEntity" });
  });
});

describe("judging", () => {
  it("lets the administrator do everything", () => {
    const { kernel, admin } = iamCloud();
    expect(kernel.judge(admin, { action: "ec2:RunInstances", resource: "*" })).toBeUndefined();
  });

  it("denies by default, naming caller, action and resource", async () => {
    const cloud = await withRole([{ Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*" }]);
    const caller = await sessionOf(cloud);
    await expect(cloud.as(caller)("GetRole", { RoleName: "r" })).rejects.toMatchObject({
      code: "AccessDenied",
      status: 403,
      message:
        `User: arn:aws:sts::${account}:assumed-role/r/s1 is not authorized to perform: iam:GetRole on resource: ` +
        `${cloud.roleArn} because no identity-based policy allows the iam:GetRole action`,
    });
    expect(cloud.kernel.judge(caller, { action: "s3:GetObject", resource: "arn:aws:s3:::b/k" })).toBeUndefined();
    expect(cloud.kernel.judge(caller, { action: "s3:GetObject", resource: "arn:aws:s3:::c/k" })).toBeDefined();
  });

  it("says so when a deny is explicit", async () => {
    const cloud = await withRole([
      { Action: "*", Resource: "*" },
      { Effect: "Deny", Action: "s3:DeleteObject", Resource: "*" },
    ]);
    const reason = cloud.kernel.judge(await sessionOf(cloud), {
      action: "s3:DeleteObject",
      resource: "arn:aws:s3:::b/k",
    });
    expect(reason).toBe("with an explicit deny in an identity-based policy");
  });

  it("follows a change of policy at once, and a managed policy's default version", async () => {
    const cloud = await withRole([]);
    const caller = await sessionOf(cloud);
    const wanted = { action: "sqs:SendMessage", resource: "arn:aws:sqs:us-east-1:1:q" };
    const PolicyArn = `arn:aws:iam::${account}:policy/m`;
    await cloud.call("CreatePolicy", { PolicyName: "m", PolicyDocument: policyOf({ Action: "s3:*", Resource: "*" }) });
    await cloud.call("AttachRolePolicy", { RoleName: "r", PolicyArn });
    expect(cloud.kernel.judge(caller, wanted)).toBeDefined();
    const PolicyDocument = policyOf({ Action: "sqs:*", Resource: "*" });
    await cloud.call("CreatePolicyVersion", { PolicyArn, PolicyDocument, SetAsDefault: true });
    expect(cloud.kernel.judge(caller, wanted)).toBeUndefined();
  });

  it("keeps a role inside its permissions boundary", async () => {
    const cloud = await withRole([{ Action: "*", Resource: "*" }]);
    await cloud.call("CreatePolicy", { PolicyName: "b", PolicyDocument: policyOf({ Action: "s3:*", Resource: "*" }) });
    const PermissionsBoundary = `arn:aws:iam::${account}:policy/b`;
    await cloud.call("PutRolePermissionsBoundary", { RoleName: "r", PermissionsBoundary });
    const caller = await sessionOf(cloud);
    expect(cloud.kernel.judge(caller, { action: "s3:GetObject", resource: "*" })).toBeUndefined();
    expect(cloud.kernel.judge(caller, { action: "ec2:RunInstances", resource: "*" })).toBe(
      "because no permissions boundary allows the ec2:RunInstances action",
    );
  });

  it("asks for iam:PassRole on the role that goes into an instance profile", async () => {
    const cloud = await withRole([{ Action: "iam:AddRoleToInstanceProfile", Resource: "*" }]);
    await cloud.call("CreateInstanceProfile", { InstanceProfileName: "ip" });
    const caller = await sessionOf(cloud);
    const add = () => cloud.as(caller)("AddRoleToInstanceProfile", { InstanceProfileName: "ip", RoleName: "r" });
    await expect(add()).rejects.toMatchObject({
      message: expect.stringContaining(`iam:PassRole on resource: ${cloud.roleArn}`),
    });
    const passing = policyOf({
      Action: "iam:PassRole",
      Resource: cloud.roleArn,
      Condition: { StringEquals: { "iam:PassedToService": "ec2.amazonaws.com" } },
    });
    await cloud.call("PutRolePolicy", { RoleName: "r", PolicyName: "pass", PolicyDocument: passing });
    await add();
  });

  it("joins resource policies of the same account with the caller's own", async () => {
    const cloud = await withRole([{ Action: "kms:*", Resource: "*" }]);
    const caller = await sessionOf(cloud);
    const allowing = (Principal: object | string, Effect = "Allow") =>
      policyOf({ Effect, Principal, Action: "*", Resource: "*" });
    cloud.iam.onResourcePolicy("arn:aws:s3:::open", () => allowing({ AWS: cloud.roleArn }));
    cloud.iam.onResourcePolicy("arn:aws:s3:::shut", () => allowing("*", "Deny"));
    const judge = (action: string, resource: string) => cloud.kernel.judge(caller, { action, resource });
    expect(judge("s3:GetObject", "arn:aws:s3:::open/k")).toBeUndefined();
    expect(judge("s3:GetObject", "arn:aws:s3:::other/k")).toBe(
      "because no identity-based policy allows the s3:GetObject action",
    );
    expect(cloud.kernel.judge(cloud.admin, { action: "s3:GetObject", resource: "arn:aws:s3:::shut/k" })).toBe(
      "with an explicit deny in a resource-based policy",
    );
    const keys: Record<string, string> = { a: allowing({ AWS: account }), b: allowing({ Service: "x.amazonaws.com" }) };
    cloud.iam.onResourcePolicy("arn:aws:kms:", (arn) => keys[arn.at(-1) ?? ""], "required");
    expect(judge("kms:Decrypt", "arn:aws:kms:us-east-1:1:key/a")).toBeUndefined();
    expect(judge("kms:Decrypt", "arn:aws:kms:us-east-1:1:key/b")).toBe(
      "because no resource-based policy allows the kms:Decrypt action",
    );
  });

  it("lets service principals in by the resource's policy alone, for the source it names", async () => {
    const { iam, kernel } = iamCloud();
    const [rule, queue] = ["arn:aws:events:us-east-1:1:rule/r", "arn:aws:sqs:us-east-1:1:q"];
    const permissions = () => [{ action: "sqs:SendMessage", resource: queue }];
    kernel.register({ id: "sqs", operations: { SendMessage: { permissions, run: () => ({ MessageId: "m" }) } } });
    const Condition = { ArnEquals: { "aws:SourceArn": rule } };
    const Principal = { Service: "events.amazonaws.com" };
    iam.onResourcePolicy("arn:aws:sqs:", () =>
      policyOf({ Principal, Action: "sqs:SendMessage", Resource: "*", Condition }),
    );
    const send = (host: string, source: string) =>
      kernel.call("sqs", "SendMessage", {}, kernel.serviceCaller(host, source));
    expect(await send("events.amazonaws.com", rule)).toEqual({ MessageId: "m" });
    await expect(send("events.amazonaws.com", `${rule}2`)).rejects.toMatchObject({ code: "AccessDenied" });
    await expect(send("sns.amazonaws.com", rule)).rejects.toMatchObject({
      message: expect.stringContaining("because no resource-based policy allows the sqs:SendMessage action"),
    });
  });

  it("remembers everything across a restart", async () => {
    const stateDirectory = await mkdtemp(join(tmpdir(), "kiln-iam-"));
    onTestFinished(() => rm(stateDirectory, { recursive: true }));
    const first = new Kernel(settingsWith({ stateDirectory }), new VirtualClock());
    const before = new IamService(first);
    first.register(before);
    first.register(before.sts);
    const admin = administrator(first.settings);
    await first.call("iam", "CreateRole", { RoleName: "r", AssumeRolePolicyDocument: trusting(lambda) }, admin);
    const input = { RoleArn: `arn:aws:iam::${account}:role/r`, RoleSessionName: "s1" };
    const service = first.serviceCaller("lambda.amazonaws.com");
    const { Credentials } = await first.call<AssumeRoleCommandOutput>("sts", "AssumeRole", input, service);
    const after = new IamService(new Kernel(settingsWith({ stateDirectory }), new VirtualClock()));
    const found = after.callerFor(Credentials?.AccessKeyId ?? "", Credentials?.SessionToken);
    expect(found.caller).toMatchObject({ kind: "role", name: "r" });
  });
});

describe("STS", () => {
  it("tells callers who they are without any permission", async () => {
    const cloud = await withRole([]);
    const caller = await sessionOf(cloud);
    const identity = await cloud.as(caller, "sts")<GetCallerIdentityCommandOutput>("GetCallerIdentity", {});
    expect(identity.Arn).toBe(`arn:aws:sts::${account}:assumed-role/r/s1`);
    expect(identity.UserId).toMatch(/^AROA\w{17}:s1$/);
  });

  it("lets a role choose who may act in it", async () => {
    const cloud = await withRole([]);
    const input = { RoleArn: cloud.roleArn, RoleSessionName: "s1" };
    const events = cloud.kernel.serviceCaller("events.amazonaws.com");
    await expect(cloud.as(events, "sts")("AssumeRole", input)).rejects.toMatchObject({ code: "AccessDenied" });
    await expect(cloud.sts("AssumeRole", input)).rejects.toMatchObject({
      message: expect.stringContaining("because no resource-based policy allows the sts:AssumeRole action"),
    });
    const ghost = { ...input, RoleArn: `arn:aws:iam::${account}:role/ghost` };
    await expect(cloud.sts("AssumeRole", ghost)).rejects.toMatchObject({ code: "AccessDenied" });
    await cloud.call("UpdateAssumeRolePolicy", { RoleName: "r", PolicyDocument: trusting({ AWS: account }) });
    expect(await cloud.sts("AssumeRole", input)).toMatchObject({ AssumedRoleUser: { Arn: expect.any(String) } });
  });

  it("lets credentials expire, and forgets them later", async () => {
    const cloud = await withRole([]);
    cloud.kernel.jobs.start();
    const service = cloud.kernel.serviceCaller("lambda.amazonaws.com");
    const input = { RoleArn: cloud.roleArn, RoleSessionName: "s1", DurationSeconds: 900 };
    const { Credentials } = await cloud.as(service, "sts")<AssumeRoleCommandOutput>("AssumeRole", input);
    const look = () => cloud.iam.callerFor(Credentials?.AccessKeyId ?? "", Credentials?.SessionToken);
    await cloud.clock.advance(899_000);
    expect(look().caller.name).toBe("r");
    await cloud.clock.advance(1_000);
    expect(look).toThrowError("expired");
    await cloud.clock.advance(3_600_000);
    expect(look).toThrowError("invalid");
  });

  it("keeps a session inside its session policy", async () => {
    const cloud = await withRole([{ Action: "*", Resource: "*" }]);
    const caller = await sessionOf(cloud, { Policy: policyOf({ Action: "s3:*", Resource: "*" }) });
    expect(cloud.kernel.judge(caller, { action: "s3:GetObject", resource: "*" })).toBeUndefined();
    expect(cloud.kernel.judge(caller, { action: "ec2:RunInstances", resource: "*" })).toBe(
      "because no session policy allows the ec2:RunInstances action",
    );
  });

  it("refuses durations the role does not allow", async () => {
    const cloud = await withRole([], { AWS: `arn:aws:iam::${account}:root` });
    const person = cloud.as(administrator({ accountId: account }), "sts");
    const input = { RoleArn: cloud.roleArn, RoleSessionName: "s1" };
    await expect(person("AssumeRole", { ...input, DurationSeconds: 7200 })).rejects.toMatchObject({
      code: "ValidationError",
    });
    await expect(person("AssumeRole", { ...input, DurationSeconds: 60 })).rejects.toMatchObject({
      code: "ValidationError",
    });
  });

  it("does not limit sessions of AWS's own services by the role's maximum", async () => {
    const cloud = await withRole([]);
    await expect(sessionOf(cloud, { DurationSeconds: 7200 })).resolves.toMatchObject({ kind: "role" });
  });
});

describe("users", () => {
  it("call with their access keys until those are made inactive", async () => {
    const { call, iam } = iamCloud();
    await call("CreateUser", { UserName: "ann" });
    const { AccessKey } = await call<{ AccessKey: { AccessKeyId: string; SecretAccessKey: string } }>(
      "CreateAccessKey",
      {
        UserName: "ann",
      },
    );
    const found = iam.callerFor(AccessKey.AccessKeyId, undefined);
    expect(found).toMatchObject({ caller: { kind: "user", name: "ann" }, secret: AccessKey.SecretAccessKey });
    await call("UpdateAccessKey", { UserName: "ann", AccessKeyId: AccessKey.AccessKeyId, Status: "Inactive" });
    expect(() => iam.callerFor(AccessKey.AccessKeyId, undefined)).toThrowError("invalid");
    expect(JSON.stringify(await call("ListAccessKeys", { UserName: "ann" }))).not.toContain(AccessKey.SecretAccessKey);
  });

  it("include the administrator, whose key every new cloud has", () => {
    const { iam, admin } = iamCloud();
    expect(iam.callerFor(administratorKey.accessKeyId, undefined).caller).toEqual(admin);
  });
});

describe("the simulator", () => {
  it("answers as the judge would, without a call", async () => {
    const { call, roleArn } = await withRole([
      { Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*" },
      { Effect: "Deny", Action: "s3:DeleteObject", Resource: "*" },
    ]);
    const input = {
      PolicySourceArn: roleArn,
      ActionNames: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
      ResourceArns: ["arn:aws:s3:::b/k"],
    };
    expect(await call("SimulatePrincipalPolicy", input)).toMatchObject({
      EvaluationResults: [
        { EvalDecision: "allowed" },
        { EvalDecision: "implicitDeny" },
        { EvalDecision: "explicitDeny" },
      ],
    });
  });
});

describe("tags", () => {
  it("of a role are principal tags of its sessions", async () => {
    const cloud = await withRole([
      { Action: "s3:*", Resource: "*", Condition: { StringEquals: { "aws:PrincipalTag/team": "web" } } },
    ]);
    const caller = await sessionOf(cloud);
    expect(cloud.kernel.judge(caller, { action: "s3:GetObject", resource: "*" })).toBeDefined();
    await cloud.call("TagRole", { RoleName: "r", Tags: [{ Key: "team", Value: "web" }] });
    expect(cloud.kernel.judge(caller, { action: "s3:GetObject", resource: "*" })).toBeUndefined();
    await cloud.call("UntagRole", { RoleName: "r", TagKeys: ["team"] });
    expect(cloud.kernel.judge(caller, { action: "s3:GetObject", resource: "*" })).toBeDefined();
  });
});
