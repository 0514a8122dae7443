import type { RegisterImageCommandInput } from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Operation } from "../core/kernel.ts";
import type { RootLineage } from "../ebs/snapshots.ts";
import { badMapping, registeredMapping } from "./block-devices.ts";
import { invalidParameter, missingParameter, required } from "./errors.ts";
import { announceImage, becomeAvailable } from "./image-states.ts";
import { operation } from "./operation.ts";
import type { ImageMapping, ImageRecord } from "./records.ts";
import { specifiedTags, tagOnCreatePermissions, tagsFor } from "./tags.ts";
import type { Ec2World } from "./world.ts";

/** Source: API_RegisterImage, Name: "3-128 alphanumeric characters, parentheses, square brackets, spaces, …". */
const namePattern = /^[A-Za-z0-9()[\] ./\-'@_]{3,128}$/;

/** Devices an image may map. Source: EC2 API error codes, InvalidBlockDeviceMapping; a round figure well above real use. */
const maxMappings = 50;

/**
 * RegisterImage. It inherits nothing: whatever is left out gets AWS's default, and those are of 2006 (i386, paravirtual,
 * no ENA). It has no client token: the name is what keeps a retry from registering twice.
 */
export function registerImage(world: Ec2World): Record<string, Operation> {
  return operation<RegisterImageCommandInput, object>({
    name: "RegisterImage",
    accepts: [
      "Name",
      "Description",
      "Architecture",
      "RootDeviceName",
      "BlockDeviceMappings",
      "VirtualizationType",
      "EnaSupport",
      "SriovNetSupport",
      "BootMode",
      "TpmSupport",
      "UefiData",
      "ImdsSupport",
      "TagSpecifications",
    ],
    permissions: (input) => [
      world.creation("RegisterImage", "image", tagsFor(input.TagSpecifications, "image")),
      ...(input.BlockDeviceMappings ?? []).flatMap(({ Ebs }) =>
        Ebs?.SnapshotId === undefined ? [] : [world.permission("RegisterImage", "snapshot", Ebs.SnapshotId)],
      ),
      ...tagOnCreatePermissions(world, "RegisterImage", input.TagSpecifications),
    ],
    run(input, call) {
      const record = newImage(world, input, call);
      world.images.put(record.imageId, record);
      announceImage(world, record, call.requestId);
      becomeAvailable(world, record.imageId, world.kernel.settings.delays.imageAvailableSeconds);
      return { ImageId: record.imageId };
    },
  });
}

/** @throws {AwsError} InvalidAMIName.Malformed, InvalidAMIName.Duplicate. */
export function freeImageName(world: Ec2World, given: string | undefined): string {
  const name = required(given, "Name");
  if (!namePattern.test(name)) {
    throw new AwsError(
      "InvalidAMIName.Malformed",
      "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '[', ']', ' ', '.', '/', '-', ''', '@' and '_'",
    );
  }
  const other = world.images.list().find((image) => image.ownerId === world.accountId && image.name === name);
  if (other) {
    throw new AwsError("InvalidAMIName.Duplicate", `AMI name ${name} is already in use by AMI ${other.imageId}`);
  }
  return name;
}

function newImage(world: Ec2World, input: RegisterImageCommandInput, call: Call): ImageRecord {
  const name = freeImageName(world, input.Name);
  const rootDeviceName = required(input.RootDeviceName, "RootDeviceName");
  const mappings = checkedMappings(world, input, rootDeviceName);
  const tags = specifiedTags(input.TagSpecifications, ["image"], call).image ?? {};
  if (input.ImdsSupport !== undefined && input.ImdsSupport !== "v2.0") {
    throw invalidParameter(`Value (${input.ImdsSupport}) for parameter imdsSupport is invalid.`);
  }
  const bootMode = input.BootMode;
  if (input.TpmSupport !== undefined && bootMode !== "uefi") {
    throw invalidParameter("TpmSupport needs the boot mode uefi.");
  }
  return {
    imageId: world.newId("ami-"),
    name,
    description: input.Description ?? "",
    ownerId: world.accountId,
    state: "pending",
    architecture: input.Architecture ?? "i386",
    virtualizationType: input.VirtualizationType ?? "paravirtual",
    rootDeviceName,
    mappings,
    enaSupport: input.EnaSupport ?? false,
    ...(input.SriovNetSupport === undefined ? {} : { sriovNetSupport: input.SriovNetSupport }),
    ...(bootMode === undefined ? {} : { bootMode }),
    ...(input.TpmSupport === undefined ? {} : { tpmSupport: input.TpmSupport }),
    ...(input.UefiData === undefined ? {} : { uefiData: input.UefiData }),
    ...(input.ImdsSupport === undefined ? {} : { imdsSupport: input.ImdsSupport }),
    lineage: lineageOf(world, mappings, rootDeviceName),
    isPublic: false,
    launchAccounts: [],
    createdAtMs: world.now(),
    deregistrationProtection: "disabled",
    tags,
    visibleAtMs: world.visibleFrom(),
  };
}

function checkedMappings(world: Ec2World, input: RegisterImageCommandInput, rootDeviceName: string): ImageMapping[] {
  const given = input.BlockDeviceMappings ?? [];
  if (given.length === 0) throw missingParameter("BlockDeviceMappings");
  if (given.length > maxMappings) throw badMapping(`An image maps at most ${maxMappings} devices.`);
  const mappings = given.map((mapping) => registeredMapping(world, mapping, rootDeviceName));
  const names = mappings.map(({ deviceName }) => deviceName);
  const repeated = names.find((deviceName, position) => names.indexOf(deviceName) !== position);
  if (repeated !== undefined) throw badMapping(`Duplicate device name '${repeated}' in the block device mapping.`);
  const root = mappings.find(({ deviceName }) => deviceName === rootDeviceName);
  if (root?.ebs?.snapshotId === undefined) {
    throw badMapping(`The root device '${rootDeviceName}' must be mapped to a snapshot.`);
  }
  return mappings;
}

/** Billing information comes from the root snapshot's metadata; without any, AWS takes plain Linux. Source: API_RegisterImage. */
function lineageOf(world: Ec2World, mappings: readonly ImageMapping[], rootDeviceName: string): RootLineage {
  const root = mappings.find(({ deviceName }) => deviceName === rootDeviceName);
  const known = world.snapshots.get(root?.ebs?.snapshotId ?? "")?.lineage;
  return known ?? { platformDetails: "Linux/UNIX", usageOperation: "RunInstances", productCodes: [] };
}
