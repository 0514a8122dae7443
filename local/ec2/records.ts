import type { InstanceMetadataOptionsResponse, IpPermission, RequestLaunchTemplateData } from "@aws-sdk/client-ec2";
import type { RootLineage } from "../ebs/snapshots.ts";

export type Tags = Record<string, string>;

/** What every resource has: tags, and from when reads see it. */
export interface Resource {
  tags: Tags;
  visibleAtMs: number;
}

export type InstanceState = "pending" | "running" | "shutting-down" | "terminated" | "stopping" | "stopped";

export interface InstanceVolume {
  deviceName: string;
  volumeId: string;
  deleteOnTermination: boolean;
  attachedAtMs: number;
}

export interface InstanceRecord extends Resource {
  instanceId: string;
  reservationId: string;
  /** Position within its reservation. */
  launchIndex: number;
  clientToken?: string;
  /** AWS service that launched it, such as Auto Scaling; shown as the reservation's requester. */
  requesterId?: string;
  state: InstanceState;
  /** Such as `User initiated (2026-01-01 00:00:00 GMT)`. */
  transitionReason: string;
  stateReason?: { Code: string; Message: string };
  imageId: string;
  instanceType: string;
  architecture: string;
  virtualizationType: string;
  bootMode?: string;
  lineage: RootLineage;
  launchedAtMs: number;
  subnetId: string;
  vpcId: string;
  availabilityZone: string;
  networkInterfaceId: string;
  privateIp: string;
  privateDnsName: string;
  macAddress: string;
  securityGroupIds: string[];
  instanceProfile?: { Arn: string; Id: string };
  /** Base64, as the caller gave it. */
  userData?: string;
  metadataOptions: InstanceMetadataOptionsResponse;
  disableApiTermination: boolean;
  disableApiStop: boolean;
  shutdownBehavior: "stop" | "terminate";
  detailedMonitoring: boolean;
  ebsOptimized: boolean;
  rootDeviceName: string;
  volumes: InstanceVolume[];
  /** The instance's own status check; the machine's host is always well. */
  health: "initializing" | "ok" | "impaired";
  impairedAtMs?: number;
  /** Who launched it: the keys of encrypted volumes are used in this caller's name. */
  launchedBy: { kind: "user" | "role" | "service"; arn: string; accountId: string; name: string };
}

export interface ImageMapping {
  deviceName: string;
  ebs?: {
    snapshotId?: string;
    volumeSizeGiB: number;
    volumeType: string;
    iops?: number;
    throughput?: number;
    deleteOnTermination: boolean;
    encrypted: boolean;
  };
  virtualName?: string;
}

export interface ImageRecord extends Resource {
  imageId: string;
  name: string;
  description: string;
  ownerId: string;
  ownerAlias?: string;
  state: "pending" | "available" | "failed" | "disabled";
  stateReason?: { Code: string; Message: string };
  architecture: string;
  virtualizationType: string;
  rootDeviceName: string;
  mappings: ImageMapping[];
  enaSupport: boolean;
  sriovNetSupport?: string;
  bootMode?: string;
  tpmSupport?: string;
  imdsSupport?: string;
  uefiData?: string;
  lineage: RootLineage;
  isPublic: boolean;
  /** Accounts that may launch it besides its owner. */
  launchAccounts: string[];
  createdAtMs: number;
  deprecatedAtMs?: number;
  deregistrationProtection: "disabled" | "enabled-with-cooldown" | "enabled-without-cooldown";
  sourceImageId?: string;
  sourceInstanceId?: string;
  /** What its public SSM parameter is called, for AWS's base images. */
  publicParameter?: string;
}

export interface VolumeRecord extends Resource {
  volumeId: string;
  sizeGiB: number;
  volumeType: string;
  iops?: number;
  throughput?: number;
  encrypted: boolean;
  kmsKeyArn?: string;
  snapshotId: string;
  availabilityZone: string;
  state: "creating" | "available" | "in-use" | "deleting";
  createdAtMs: number;
  attachment?: { instanceId: string; deviceName: string; attachedAtMs: number; deleteOnTermination: boolean };
}

export interface InterfaceRecord extends Resource {
  networkInterfaceId: string;
  instanceId: string;
  subnetId: string;
  vpcId: string;
  availabilityZone: string;
  privateIp: string;
  macAddress: string;
  securityGroupIds: string[];
  attachedAtMs: number;
}

export interface LaunchTemplateRecord extends Resource {
  launchTemplateId: string;
  launchTemplateName: string;
  createdAtMs: number;
  createdBy: string;
  defaultVersion: number;
  /** Numbers are given once: a deleted version's is never used again. */
  latestVersion: number;
}

export interface LaunchTemplateVersionRecord {
  launchTemplateId: string;
  version: number;
  description?: string;
  createdAtMs: number;
  createdBy: string;
  data: RequestLaunchTemplateData;
}

export interface SecurityGroupRecord extends Resource {
  groupId: string;
  groupName: string;
  description: string;
  vpcId: string;
  ingress: IpPermission[];
  egress: IpPermission[];
}

export interface VpcRecord extends Resource {
  vpcId: string;
  cidrBlock: string;
  routeTableId: string;
  internetGatewayId: string;
}

export interface SubnetRecord extends Resource {
  subnetId: string;
  vpcId: string;
  cidrBlock: string;
  availabilityZone: string;
  availabilityZoneId: string;
}
