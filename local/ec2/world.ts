import type { AwsEvent, Kernel, Requirement } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import { requestTagConditions } from "../core/tag-conditions.ts";
import type { EncryptionDefaults } from "../ebs/encryption-defaults.ts";
import type { KeyAccess } from "../ebs/key-access.ts";
import type { SnapshotRecord, Snapshots } from "../ebs/snapshots.ts";
import type { MachineHost } from "../machine/machine-host.ts";
import { notFound } from "./errors.ts";
import type {
  ImageRecord,
  InstanceRecord,
  InterfaceRecord,
  LaunchTemplateRecord,
  LaunchTemplateVersionRecord,
  Resource,
  SecurityGroupRecord,
  SubnetRecord,
  Tags,
  VolumeRecord,
  VpcRecord,
} from "./records.ts";

/** The kinds of EC2 resources, as they stand in ARNs and in TagSpecifications. */
export type ResourceKind =
  | "instance"
  | "image"
  | "snapshot"
  | "volume"
  | "launch-template"
  | "security-group"
  | "subnet"
  | "vpc"
  | "network-interface"
  | "key-pair";

/** Everything EC2's operations share: its resources, and the services and drivers it stands on. */
export class Ec2World {
  readonly kernel: Kernel;
  readonly snapshots: Snapshots;
  readonly keys: KeyAccess;
  readonly encryptionDefaults: EncryptionDefaults;
  readonly machines: MachineHost;
  readonly instances: Collection<InstanceRecord>;
  readonly images: Collection<ImageRecord>;
  /** Ids of images that were deregistered: AWS tells them from ids that never were. */
  readonly deregistered: Collection<{ imageId: string }>;
  readonly volumes: Collection<VolumeRecord>;
  readonly interfaces: Collection<InterfaceRecord>;
  readonly templates: Collection<LaunchTemplateRecord>;
  readonly templateVersions: Collection<LaunchTemplateVersionRecord>;
  readonly groups: Collection<SecurityGroupRecord>;
  readonly vpcs: Collection<VpcRecord>;
  readonly subnets: Collection<SubnetRecord>;

  constructor(
    kernel: Kernel,
    parts: { snapshots: Snapshots; keys: KeyAccess; encryptionDefaults: EncryptionDefaults; machines: MachineHost },
  ) {
    this.kernel = kernel;
    this.snapshots = parts.snapshots;
    this.keys = parts.keys;
    this.encryptionDefaults = parts.encryptionDefaults;
    this.machines = parts.machines;
    this.instances = kernel.store.collection("ec2.instances");
    this.images = kernel.store.collection("ec2.images");
    this.deregistered = kernel.store.collection("ec2.deregistered-images");
    this.volumes = kernel.store.collection("ec2.volumes");
    this.interfaces = kernel.store.collection("ec2.interfaces");
    this.templates = kernel.store.collection("ec2.templates");
    this.templateVersions = kernel.store.collection("ec2.template-versions");
    this.groups = kernel.store.collection("ec2.security-groups");
    this.vpcs = kernel.store.collection("ec2.vpcs");
    this.subnets = kernel.store.collection("ec2.subnets");
  }

  get accountId(): string {
    return this.kernel.settings.accountId;
  }

  now(): number {
    return this.kernel.clock.now();
  }

  newId(prefix: string): string {
    return `${prefix}${this.kernel.random.hex(17)}`;
  }

  /** When something created now begins to be found; drawn anew for each, as replicas differ. */
  visibleFrom(): number {
    return this.now() + this.kernel.random.between(0, this.kernel.settings.delays.notFoundAfterCreateSeconds * 1000);
  }

  isVisible(resource: Readonly<Resource>): boolean {
    return this.now() >= resource.visibleAtMs;
  }

  /**
   * The resource of this id.
   * @throws {AwsError} as EC2 does for one that does not exist, cannot be seen yet, or whose id is malformed.
   */
  require<T extends Resource>(collection: Pick<Collection<T>, "get">, prefix: string, id: string): Readonly<T> {
    const found = collection.get(id);
    if (!found || !this.isVisible(found)) throw notFound(prefix, id);
    return found;
  }

  /** A snapshot this account may see. */
  requireSnapshot(snapshotId: string): Readonly<SnapshotRecord> {
    return this.require(this.snapshots, "snap-", snapshotId);
  }

  arn(kind: ResourceKind, id: string): string {
    // The account field of images' and snapshots' ARNs is empty. Source: service authorization reference, Amazon EC2.
    if (kind !== "image" && kind !== "snapshot") return this.kernel.arn("ec2", `${kind}/${id}`);
    return `arn:aws:ec2:${this.kernel.settings.region}::${kind}/${id}`;
  }

  /** Permission on an existing resource, judged with its tags. */
  permission(action: string, kind: ResourceKind, id: string, context: Requirement["context"] = {}): Requirement {
    const tags: Record<string, string> = {};
    for (const [key, value] of Object.entries(this.tagsOf(id))) {
      tags[`aws:ResourceTag/${key}`] = value;
      tags[`ec2:ResourceTag/${key}`] = value;
    }
    return {
      action: `ec2:${action}`,
      resource: this.arn(kind, id),
      context: { ...this.commonContext(), ...tags, ...context },
    };
  }

  /** Permission to create something of this kind, judged with the tags it will have. */
  creation(action: string, kind: ResourceKind, tags: Tags = {}, context: Requirement["context"] = {}): Requirement {
    return {
      action: `ec2:${action}`,
      resource: this.arn(kind, "*"),
      context: { ...this.commonContext(), ...requestTagConditions(tags), ...context },
    };
  }

  commonContext(): Record<string, string> {
    return { "ec2:Region": this.kernel.settings.region };
  }

  tagsOf(id: string): Tags {
    return this.resource(id)?.tags ?? {};
  }

  /** A resource of any kind, visible or not. */
  resource(id: string): Readonly<Resource> | undefined {
    return this.collectionOf(id)?.get(id);
  }

  collectionOf(id: string): Pick<Collection<Resource>, "get" | "put"> | undefined {
    const prefix = id.slice(0, id.indexOf("-") + 1);
    const collections: Record<string, unknown> = {
      "i-": this.instances,
      "ami-": this.images,
      "snap-": {
        get: (key: string) => this.snapshots.get(key),
        put: (_: string, to: SnapshotRecord) => this.snapshots.put(to),
      },
      "vol-": this.volumes,
      "eni-": this.interfaces,
      "lt-": this.templates,
      "sg-": this.groups,
      "vpc-": this.vpcs,
      "subnet-": this.subnets,
    };
    return collections[prefix] as Pick<Collection<Resource>, "get" | "put"> | undefined;
  }

  /** Hands an event to EventBridge, best effort as on AWS. */
  announce(detailType: string, resource: string, detail: AwsEvent["detail"]): void {
    this.kernel.emit("aws.event", { source: "aws.ec2", "detail-type": detailType, resources: [resource], detail });
  }
}
