import type { DescribeImagesCommandInput } from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Operation } from "../core/kernel.ts";
import { noSuchImage } from "./errors.ts";
import { type FilterTable, matching } from "./filters.ts";
import { operation } from "./operation.ts";
import { page } from "./paging.ts";
import type { ImageMapping, ImageRecord } from "./records.ts";
import { shownTags } from "./tags.ts";
import type { Ec2World } from "./world.ts";

type Image = Readonly<ImageRecord>;

const filters: FilterTable<Image> = {
  name: (image) => image.name,
  "image-id": (image) => image.imageId,
  state: (image) => image.state,
  architecture: (image) => image.architecture,
  description: (image) => image.description,
  "owner-id": (image) => image.ownerId,
  "owner-alias": (image) => image.ownerAlias,
  "is-public": (image) => image.isPublic,
  "root-device-type": () => "ebs",
  "root-device-name": (image) => image.rootDeviceName,
  "virtualization-type": (image) => image.virtualizationType,
  "ena-support": (image) => image.enaSupport,
  hypervisor: () => "xen",
  "image-type": () => "machine",
  "creation-date": (image) => new Date(image.createdAtMs).toISOString(),
  "product-code": (image) => image.lineage.productCodes.map((code) => code.ProductCodeId),
  "block-device-mapping.snapshot-id": (image) => image.mappings.map(({ ebs }) => ebs?.snapshotId),
  "block-device-mapping.device-name": (image) => image.mappings.map(({ deviceName }) => deviceName),
  "source-instance-id": (image) => image.sourceInstanceId,
};

/** Whether this account may see and launch the image. */
export function canLaunch(world: Ec2World, image: Image): boolean {
  return image.isPublic || image.ownerId === world.accountId || image.launchAccounts.includes(world.accountId);
}

export function describeImages(world: Ec2World): Record<string, Operation> {
  return operation<DescribeImagesCommandInput, object>({
    name: "DescribeImages",
    accepts: [
      "ImageIds",
      "Owners",
      "ExecutableUsers",
      "Filters",
      "IncludeDeprecated",
      "IncludeDisabled",
      "MaxResults",
      "NextToken",
    ],
    run(input) {
      const chosen = input.ImageIds?.map((id) => requireImage(world, id)) ?? world.images.list();
      const seen = chosen.filter((image) => world.isVisible(image) && canLaunch(world, image));
      const wanted = seen.filter(
        (image) =>
          ownedBy(world, image, input.Owners) &&
          executableBy(world, image, input.ExecutableUsers) &&
          (image.state !== "disabled" || input.IncludeDisabled === true) &&
          (!isDeprecated(world, image) || image.ownerId === world.accountId || input.IncludeDeprecated === true),
      );
      const { items, NextToken } = page(matching(wanted, input.Filters, filters), (image) => image.imageId, input, {
        min: 1,
        max: 1000,
      });
      return { Images: items.map((image) => shownImage(world, image)), NextToken };
    },
  });
}

/**
 * An image that this account may see.
 * @throws {AwsError} InvalidAMIID.NotFound, InvalidAMIID.Malformed; InvalidAMIID.Unavailable once it was deregistered.
 */
export function requireImage(world: Ec2World, imageId: string): Image {
  if (world.deregistered.get(imageId)) {
    throw new AwsError("InvalidAMIID.Unavailable", `The image ID: '${imageId}' is no longer available`);
  }
  const image = world.require(world.images, "ami-", imageId);
  if (!canLaunch(world, image)) throw noSuchImage(imageId);
  return image;
}

function ownedBy(world: Ec2World, image: Image, owners: string[] | undefined): boolean {
  if (owners === undefined || owners.length === 0) return true;
  return owners.some((owner) => {
    if (owner === "self") return image.ownerId === world.accountId;
    return owner === image.ownerId || owner === image.ownerAlias;
  });
}

function executableBy(world: Ec2World, image: Image, users: string[] | undefined): boolean {
  if (users === undefined || users.length === 0) return true;
  return users.some((user) => {
    if (user === "all") return image.isPublic;
    return image.launchAccounts.includes(user === "self" ? world.accountId : user);
  });
}

function isDeprecated(world: Ec2World, image: Image): boolean {
  return image.deprecatedAtMs !== undefined && image.deprecatedAtMs <= world.now();
}

function shownImage(world: Ec2World, image: Image) {
  return {
    ImageId: image.imageId,
    ImageLocation: `${image.ownerAlias ?? image.ownerId}/${image.name}`,
    ImageType: "machine",
    Name: image.name,
    Description: image.description,
    State: image.state,
    StateReason: image.stateReason,
    OwnerId: image.ownerId,
    ImageOwnerAlias: image.ownerAlias,
    Public: image.isPublic,
    CreationDate: new Date(image.createdAtMs).toISOString(),
    DeprecationTime: image.deprecatedAtMs === undefined ? undefined : new Date(image.deprecatedAtMs).toISOString(),
    Architecture: image.architecture,
    VirtualizationType: image.virtualizationType,
    Hypervisor: "xen",
    RootDeviceType: "ebs",
    RootDeviceName: image.rootDeviceName,
    BlockDeviceMappings: image.mappings.map((mapping) => shownMapping(mapping, image.state === "pending")),
    EnaSupport: image.enaSupport,
    SriovNetSupport: image.sriovNetSupport,
    BootMode: image.bootMode,
    TpmSupport: image.tpmSupport,
    ImdsSupport: image.imdsSupport,
    Platform: image.lineage.platformDetails.startsWith("Windows") ? "windows" : undefined,
    PlatformDetails: image.lineage.platformDetails,
    UsageOperation: image.lineage.usageOperation,
    ProductCodes: image.lineage.productCodes,
    SourceImageId: image.sourceImageId,
    SourceImageRegion: image.sourceImageId ? world.kernel.settings.region : undefined,
    SourceInstanceId: image.sourceInstanceId,
    DeregistrationProtection: image.deregistrationProtection,
    PublicSsmParameterName: image.publicParameter,
    Tags: shownTags(image.tags),
  };
}

/** While an image is pending, its snapshots' ids are missing from answers (bottlerocket-os/bottlerocket pull 1066). */
function shownMapping(mapping: ImageMapping, isPartial: boolean) {
  if (!mapping.ebs) return { DeviceName: mapping.deviceName, VirtualName: mapping.virtualName };
  const { ebs } = mapping;
  return {
    DeviceName: mapping.deviceName,
    Ebs: {
      SnapshotId: isPartial ? undefined : ebs.snapshotId,
      VolumeSize: ebs.volumeSizeGiB,
      VolumeType: ebs.volumeType,
      Iops: ebs.iops,
      Throughput: ebs.throughput,
      DeleteOnTermination: ebs.deleteOnTermination,
      Encrypted: ebs.encrypted,
    },
  };
}
