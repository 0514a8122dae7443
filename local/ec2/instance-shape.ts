import type { InstanceRecord, InstanceState } from "./records.ts";
import { shownTags } from "./tags.ts";
import type { Ec2World } from "./world.ts";

type Shown = Readonly<InstanceRecord>;

/** Source of the codes: API_InstanceState. */
const codes: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  "shutting-down": 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

export function shownState(state: InstanceState): { Code: number; Name: InstanceState } {
  return { Code: codes[state], Name: state };
}

/** A reservation with those of its instances that are given, or all of them. */
export function shownReservation(
  world: Ec2World,
  reservationId: string,
  instances: readonly Shown[] = world.instances.list().filter((one) => one.reservationId === reservationId),
) {
  return {
    ReservationId: reservationId,
    OwnerId: world.accountId,
    RequesterId: instances[0]?.requesterId,
    Groups: [],
    Instances: [...instances].sort((a, b) => a.launchIndex - b.launchIndex).map((one) => shownInstance(world, one)),
  };
}

function shownInstance(world: Ec2World, one: Shown) {
  const gone = one.state === "terminated";
  const groups = one.securityGroupIds.map((id) => ({ GroupId: id, GroupName: world.groups.get(id)?.groupName }));
  return {
    InstanceId: one.instanceId,
    ImageId: one.imageId,
    InstanceType: one.instanceType,
    State: shownState(one.state),
    StateTransitionReason: one.transitionReason,
    StateReason: one.stateReason,
    AmiLaunchIndex: one.launchIndex,
    ClientToken: one.clientToken ?? "",
    LaunchTime: new Date(one.launchedAtMs),
    Architecture: one.architecture,
    VirtualizationType: one.virtualizationType,
    Hypervisor: "xen",
    BootMode: one.bootMode,
    CurrentInstanceBootMode: one.bootMode === "uefi" || one.bootMode === "uefi-preferred" ? "uefi" : "legacy-bios",
    EnaSupport: true,
    EbsOptimized: one.ebsOptimized,
    Placement: { AvailabilityZone: one.availabilityZone, Tenancy: "default", GroupName: "" },
    Monitoring: { State: one.detailedMonitoring ? "enabled" : "disabled" },
    PlatformDetails: one.lineage.platformDetails,
    UsageOperation: one.lineage.usageOperation,
    ProductCodes: one.lineage.productCodes,
    RootDeviceName: one.rootDeviceName,
    RootDeviceType: "ebs",
    PublicDnsName: "",
    PrivateDnsName: gone ? "" : one.privateDnsName,
    ...(gone ? {} : { PrivateIpAddress: one.privateIp, SubnetId: one.subnetId, VpcId: one.vpcId }),
    SecurityGroups: gone ? [] : groups,
    SourceDestCheck: true,
    IamInstanceProfile: one.instanceProfile,
    MetadataOptions: one.metadataOptions,
    BlockDeviceMappings: one.volumes.map((volume) => ({
      DeviceName: volume.deviceName,
      Ebs: {
        VolumeId: volume.volumeId,
        Status: one.state === "pending" ? "attaching" : "attached",
        DeleteOnTermination: volume.deleteOnTermination,
        AttachTime: new Date(volume.attachedAtMs),
      },
    })),
    NetworkInterfaces: gone ? [] : [shownInterface(world, one, groups)],
    Tags: shownTags(one.tags),
  };
}

function shownInterface(world: Ec2World, one: Shown, Groups: object[]) {
  return {
    NetworkInterfaceId: one.networkInterfaceId,
    OwnerId: world.accountId,
    SubnetId: one.subnetId,
    VpcId: one.vpcId,
    MacAddress: one.macAddress,
    PrivateIpAddress: one.privateIp,
    PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: one.privateIp }],
    Status: "in-use",
    InterfaceType: "interface",
    SourceDestCheck: true,
    Groups,
    Attachment: {
      DeviceIndex: 0,
      NetworkCardIndex: 0,
      DeleteOnTermination: true,
      Status: one.state === "pending" ? "attaching" : "attached",
      AttachTime: new Date(one.launchedAtMs),
    },
  };
}
