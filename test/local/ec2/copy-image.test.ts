import { beforeEach, describe, expect, it } from "vitest";
import { al2023, type Cloud, cloud, marketplace, windows } from "./cloud.ts";

let aws: Cloud;
beforeEach(() => {
  aws = cloud();
});

const copy = (over: object = {}) =>
  aws.call("CopyImage", { Name: "base", SourceImageId: al2023, SourceRegion: "us-east-1", ...over });

describe("CopyImage", () => {
  it("makes an own, encrypted image with the source's attributes and an own snapshot", async () => {
    const tags = (ResourceType: string) => ({ ResourceType, Tags: [{ Key: "kiln:stage", Value: "dev" }] });
    const { ImageId } = await copy({ Encrypted: true, TagSpecifications: [tags("image"), tags("snapshot")] });
    await aws.visible();
    const pending = (await aws.call("DescribeImages", { ImageIds: [ImageId] })).Images[0];
    expect(pending).toMatchObject({ State: "pending", OwnerId: "123456789012", Public: false });

    await aws.clock.advance(60_000);
    const image = (await aws.call("DescribeImages", { ImageIds: [ImageId] })).Images[0];
    expect(image).toMatchObject({
      State: "available",
      Architecture: "x86_64",
      VirtualizationType: "hvm",
      EnaSupport: true,
      BootMode: "uefi-preferred",
      ImdsSupport: "v2.0",
      SourceImageId: al2023,
      PlatformDetails: "Linux/UNIX",
      Tags: [{ Key: "kiln:stage", Value: "dev" }],
    });
    const { SnapshotId, Encrypted } = image.BlockDeviceMappings[0].Ebs;
    expect(Encrypted).toBe(true);
    expect(aws.snapshots.get(SnapshotId)).toMatchObject({
      ownerId: "123456789012",
      state: "completed",
      encrypted: true,
      isPublic: false,
      tags: { "kiln:stage": "dev" },
      lineage: { base: "al2023" },
    });
  });

  // Semantic: client tokens and their mismatch errors. Source: API reference of CopyImage, ClientToken.
  it("answers the same image for the same client token, and refuses the token for another request", async () => {
    const first = await copy({ ClientToken: "t" });
    expect(await copy({ ClientToken: "t" })).toEqual(first);
    await expect(copy({ ClientToken: "t", Name: "other" })).rejects.toMatchObject({
      code: "IdempotentParameterMismatch",
    });
    await aws.visible();
    expect((await aws.call("DescribeImages", { Owners: ["self"] })).Images).toHaveLength(1);
  });

  it("refuses an image with a Marketplace product code, and one of another region", async () => {
    await expect(copy({ SourceImageId: marketplace })).rejects.toMatchObject({ code: "InvalidRequest" });
    await expect(copy({ SourceRegion: "eu-west-1" })).rejects.toMatchObject({ code: "InvalidParameterValue" });
  });

  it("is encrypted without asking when that is the account's default", async () => {
    await aws.call("EnableEbsEncryptionByDefault", {});
    const { ImageId } = await copy();
    await aws.clock.advance(61_000);
    const image = (await aws.call("DescribeImages", { ImageIds: [ImageId] })).Images[0];
    expect(image.BlockDeviceMappings[0].Ebs.Encrypted).toBe(true);
  });
});

describe("public images", () => {
  it("are found by owner and filters, and their snapshots cannot be read through the EBS direct APIs", async () => {
    const { Images } = await aws.call("DescribeImages", {
      Owners: ["amazon"],
      Filters: [
        { Name: "name", Values: ["al2023-ami-*"] },
        { Name: "architecture", Values: ["arm64"] },
      ],
    });
    expect(Images).toHaveLength(1);
    const SnapshotId = Images[0].BlockDeviceMappings[0].Ebs.SnapshotId;
    const caller = aws.kernel.serviceCaller("test.amazonaws.com");
    await expect(aws.kernel.call("ebs", "ListSnapshotBlocks", { SnapshotId }, caller)).rejects.toMatchObject({
      code: "AccessDeniedException",
    });
  });

  it("say by their billing fields which of them a deploy tool must refuse", async () => {
    const { Images } = await aws.call("DescribeImages", { ImageIds: [windows, marketplace] });
    expect(Images).toMatchObject([
      { ImageOwnerAlias: "aws-marketplace", ProductCodes: [{ ProductCodeType: "marketplace" }] },
      { Platform: "windows", PlatformDetails: "Windows", UsageOperation: "RunInstances:0002" },
    ]);
  });

  it("belong to their owners: they cannot be deregistered here", async () => {
    await expect(aws.call("DeregisterImage", { ImageId: al2023 })).rejects.toMatchObject({ code: "AuthFailure" });
  });
});
