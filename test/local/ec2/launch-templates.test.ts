import { beforeEach, describe, expect, it } from "vitest";
import { type Cloud, cloud } from "./cloud.ts";

let aws: Cloud;
let LaunchTemplateId: string;

beforeEach(async () => {
  aws = cloud();
  const created = await aws.call("CreateLaunchTemplate", {
    LaunchTemplateName: "web",
    LaunchTemplateData: { InstanceType: "t3.small", ImageId: "ami-00000000000000001" },
  });
  LaunchTemplateId = created.LaunchTemplate.LaunchTemplateId;
});

const addVersion = (over: object = {}) =>
  aws.call("CreateLaunchTemplateVersion", {
    LaunchTemplateId,
    LaunchTemplateData: { InstanceType: "t3.large" },
    ...over,
  });

const versions = async (over: object = {}) => {
  const answer = await aws.call("DescribeLaunchTemplateVersions", { LaunchTemplateId, ...over });
  return answer.LaunchTemplateVersions.map((one: { VersionNumber: number }) => one.VersionNumber);
};

describe("launch templates", () => {
  // Semantic: eventual consistency after a create, on by default. Source: EC2 API reference, "Eventual consistency".
  it("are not found at first", async () => {
    await expect(addVersion()).rejects.toMatchObject({ code: "InvalidLaunchTemplateId.NotFound" });
    await aws.visible();
    await expect(addVersion()).resolves.toBeDefined();
  });

  // Semantic: launch templates by number. Source: EC2 user guide, "Manage launch template versions".
  it("number their versions and never use a number again", async () => {
    await aws.visible();
    await addVersion();
    await addVersion();
    expect(await versions()).toEqual([1, 2, 3]);
    const deleted = await aws.call("DeleteLaunchTemplateVersions", { LaunchTemplateId, Versions: ["3", "1", "9"] });
    expect(deleted.SuccessfullyDeletedLaunchTemplateVersions).toMatchObject([{ VersionNumber: 3 }]);
    expect(
      deleted.UnsuccessfullyDeletedLaunchTemplateVersions.map((one: { VersionNumber: number }) => one.VersionNumber),
    ).toEqual([1, 9]);
    const { LaunchTemplateVersion } = await addVersion();
    expect(LaunchTemplateVersion.VersionNumber).toBe(4);
    expect(await versions()).toEqual([1, 2, 4]);
  });

  it("start a version from another one when asked, and from nothing otherwise", async () => {
    await aws.visible();
    const fresh = await addVersion();
    expect(fresh.LaunchTemplateVersion.LaunchTemplateData).toEqual({ InstanceType: "t3.large" });
    const based = await addVersion({ SourceVersion: "1" });
    expect(based.LaunchTemplateVersion.LaunchTemplateData).toEqual({
      InstanceType: "t3.large",
      ImageId: "ami-00000000000000001",
    });
  });

  it("keep the default version until it is changed", async () => {
    await aws.visible();
    await addVersion();
    expect(await versions({ Versions: ["$Default"] })).toEqual([1]);
    expect(await versions({ Versions: ["$Latest"] })).toEqual([2]);
    await aws.call("ModifyLaunchTemplate", { LaunchTemplateId, DefaultVersion: "2" });
    expect(await versions({ Versions: ["$Default"] })).toEqual([2]);
    await expect(aws.call("ModifyLaunchTemplate", { LaunchTemplateId, DefaultVersion: "7" })).rejects.toMatchObject({
      code: "InvalidLaunchTemplateId.VersionNotFound",
    });
  });

  // Semantic: client tokens and their mismatch errors. Source: API reference of CreateLaunchTemplateVersion,
  // ClientToken.
  it("make one version for one client token, and refuse the token for other data", async () => {
    await aws.visible();
    const first = await addVersion({ ClientToken: "t" });
    const again = await addVersion({ ClientToken: "t" });
    expect(again.LaunchTemplateVersion.VersionNumber).toBe(first.LaunchTemplateVersion.VersionNumber);
    await expect(
      addVersion({ ClientToken: "t", LaunchTemplateData: { InstanceType: "t3.nano" } }),
    ).rejects.toMatchObject({ code: "IdempotentParameterMismatch" });
    expect(await versions()).toEqual([1, 2]);
  });

  it.each([
    ["a name that is taken", { LaunchTemplateName: "web" }, "InvalidLaunchTemplateName.AlreadyExistsException"],
    ["user data that is not base64", { LaunchTemplateData: { UserData: "#!/bin/bash" } }, "InvalidUserData.Malformed"],
    [
      "user data above 16 KiB",
      { LaunchTemplateData: { UserData: Buffer.alloc(16_385).toString("base64") } },
      "InvalidParameterValue",
    ],
    [
      "data this cloud would ignore",
      { LaunchTemplateData: { HibernationOptions: { Configured: true } } },
      "NotImplemented",
    ],
  ])("refuse %s", async (_case, over, code) => {
    const input = { LaunchTemplateName: "other", LaunchTemplateData: { InstanceType: "t3.small" }, ...over };
    await expect(aws.call("CreateLaunchTemplate", input)).rejects.toMatchObject({ code });
  });

  it("disappear with their versions", async () => {
    await aws.visible();
    await aws.call("DeleteLaunchTemplate", { LaunchTemplateName: "web" });
    await expect(versions()).rejects.toMatchObject({ code: "InvalidLaunchTemplateId.NotFound" });
    expect(aws.kernel.store.collection("ec2.template-versions").keys()).toEqual([]);
  });
});
