import type {
  DescribeInstanceAttributeCommandInput,
  ModifyInstanceAttributeCommandInput,
  ModifyInstanceMetadataOptionsCommandInput,
} from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Operation } from "../core/kernel.ts";
import { badCombination, invalidParameter, required } from "./errors.ts";
import { instanceType } from "./instance-type-table.ts";
import { operation } from "./operation.ts";
import type { InstanceRecord } from "./records.ts";
import { checkUserData } from "./user-data.ts";
import type { Ec2World } from "./world.ts";

type Instance = Readonly<InstanceRecord>;

export function instanceAttributeOperations(world: Ec2World): Record<string, Operation> {
  return {
    ...operation<DescribeInstanceAttributeCommandInput, object>({
      name: "DescribeInstanceAttribute",
      accepts: ["InstanceId", "Attribute"],
      permissions: (input) => [world.permission("DescribeInstanceAttribute", "instance", input.InstanceId ?? "*")],
      run(input) {
        const one = world.require(world.instances, "i-", required(input.InstanceId, "InstanceId"));
        const found = shownAttribute(world, one, required(input.Attribute, "Attribute"));
        if (!found) throw invalidParameter(`Value (${input.Attribute}) for parameter attribute is invalid.`);
        return { InstanceId: one.instanceId, ...found };
      },
    }),
    ...operation<ModifyInstanceAttributeCommandInput, object>({
      name: "ModifyInstanceAttribute",
      accepts: [
        "InstanceId",
        "DisableApiTermination",
        "DisableApiStop",
        "InstanceInitiatedShutdownBehavior",
        "InstanceType",
        "UserData",
        "Groups",
        "BlockDeviceMappings",
      ],
      permissions: (input) => [
        world.permission("ModifyInstanceAttribute", "instance", input.InstanceId ?? "*"),
        ...(input.Groups ?? []).map((id) => world.permission("ModifyInstanceAttribute", "security-group", id)),
      ],
      run(input) {
        const one = world.require(world.instances, "i-", required(input.InstanceId, "InstanceId"));
        world.instances.put(one.instanceId, { ...one, ...changes(world, one, input) });
        return {};
      },
    }),
    ...operation<ModifyInstanceMetadataOptionsCommandInput, object>({
      name: "ModifyInstanceMetadataOptions",
      accepts: ["InstanceId", "HttpTokens", "HttpEndpoint", "HttpPutResponseHopLimit", "InstanceMetadataTags"],
      permissions: (input) => [world.permission("ModifyInstanceMetadataOptions", "instance", input.InstanceId ?? "*")],
      run(input) {
        const one = world.require(world.instances, "i-", required(input.InstanceId, "InstanceId"));
        const given = { ...input, InstanceId: undefined, DryRun: undefined };
        const changed = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
        const metadataOptions = { ...one.metadataOptions, ...changed };
        world.instances.put(one.instanceId, { ...one, metadataOptions });
        return { InstanceId: one.instanceId, InstanceMetadataOptions: metadataOptions };
      },
    }),
  };
}

function shownAttribute(world: Ec2World, one: Instance, attribute: string): object | undefined {
  const attributes: Record<string, object> = {
    instanceType: { InstanceType: { Value: one.instanceType } },
    userData: { UserData: one.userData === undefined ? {} : { Value: one.userData } },
    disableApiTermination: { DisableApiTermination: { Value: one.disableApiTermination } },
    disableApiStop: { DisableApiStop: { Value: one.disableApiStop } },
    instanceInitiatedShutdownBehavior: { InstanceInitiatedShutdownBehavior: { Value: one.shutdownBehavior } },
    rootDeviceName: { RootDeviceName: { Value: one.rootDeviceName } },
    ebsOptimized: { EbsOptimized: { Value: one.ebsOptimized } },
    enaSupport: { EnaSupport: { Value: true } },
    sourceDestCheck: { SourceDestCheck: { Value: true } },
    productCodes: { ProductCodes: one.lineage.productCodes },
    groupSet: {
      Groups: one.securityGroupIds.map((id) => ({ GroupId: id, GroupName: world.groups.get(id)?.groupName })),
    },
    blockDeviceMapping: {
      BlockDeviceMappings: one.volumes.map((volume) => ({
        DeviceName: volume.deviceName,
        Ebs: { VolumeId: volume.volumeId, DeleteOnTermination: volume.deleteOnTermination, Status: "attached" },
      })),
    },
  };
  return attributes[attribute];
}

function changes(world: Ec2World, one: Instance, input: ModifyInstanceAttributeCommandInput): Partial<InstanceRecord> {
  const change: Partial<InstanceRecord> = {};
  if (input.DisableApiTermination) change.disableApiTermination = input.DisableApiTermination.Value ?? false;
  if (input.DisableApiStop) change.disableApiStop = input.DisableApiStop.Value ?? false;
  const behavior = input.InstanceInitiatedShutdownBehavior?.Value;
  if (behavior === "stop" || behavior === "terminate") change.shutdownBehavior = behavior;
  else if (behavior !== undefined) throw invalidParameter(`Invalid value '${behavior}' for the shutdown behaviour.`);
  if (input.InstanceType) {
    requireStopped(one, "instanceType");
    const type = instanceType(input.InstanceType.Value ?? "");
    if (type?.architecture !== one.architecture) {
      throw invalidParameter(`Invalid value '${input.InstanceType.Value}' for InstanceType.`);
    }
    change.instanceType = type.name;
  }
  if (input.UserData) {
    requireStopped(one, "userData");
    const bytes = Buffer.from(input.UserData.Value ?? new Uint8Array());
    change.userData = bytes.toString("base64");
    checkUserData(change.userData);
  }
  if (input.Groups) change.securityGroupIds = input.Groups.map((id) => world.require(world.groups, "sg-", id).groupId);
  if (input.BlockDeviceMappings) change.volumes = changedVolumes(world, one, input.BlockDeviceMappings);
  if (Object.keys(change).length === 0) throw badCombination("No attributes specified.");
  return change;
}

function changedVolumes(
  world: Ec2World,
  one: Instance,
  mappings: NonNullable<ModifyInstanceAttributeCommandInput["BlockDeviceMappings"]>,
): InstanceRecord["volumes"] {
  for (const { DeviceName } of mappings) {
    if (!one.volumes.some(({ deviceName }) => deviceName === DeviceName)) {
      throw new AwsError("InvalidInstanceAttributeValue", `No device is currently mapped at ${DeviceName}`);
    }
  }
  return one.volumes.map((volume) => {
    const wanted = mappings.find(({ DeviceName }) => DeviceName === volume.deviceName)?.Ebs?.DeleteOnTermination;
    if (wanted === undefined) return volume;
    const record = world.volumes.get(volume.volumeId);
    if (record?.attachment) {
      const attachment = { ...record.attachment, deleteOnTermination: wanted };
      world.volumes.put(volume.volumeId, { ...record, attachment });
    }
    return { ...volume, deleteOnTermination: wanted };
  });
}

function requireStopped(one: Instance, attribute: string): void {
  if (one.state === "stopped") return;
  throw new AwsError(
    "IncorrectInstanceState",
    `The instance '${one.instanceId}' is not in the 'stopped' state; '${attribute}' cannot be modified.`,
  );
}
