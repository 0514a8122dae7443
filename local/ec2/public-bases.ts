import type { RootLineage } from "../ebs/snapshots.ts";
import type { Ec2World } from "./world.ts";

/** A public image of somebody else, as AWS's catalogue has them. */
export interface PublicBase {
  imageId: string;
  snapshotId: string;
  name: string;
  description: string;
  ownerId: string;
  ownerAlias?: string;
  architecture: "x86_64" | "arm64";
  rootDeviceName: string;
  rootSizeGiB: number;
  bootMode: string;
  imdsSupport?: "v2.0";
  lineage: RootLineage;
  /** Name of the SSM public parameter that holds the image's id, where there is one. */
  publicParameter?: string;
}

const linux = { platformDetails: "Linux/UNIX", usageOperation: "RunInstances", productCodes: [] };

/** The name each distribution has for an architecture. */
const debianName = { x86_64: "amd64", arm64: "arm64" } as const;

function bothArchitectures(make: (architecture: "x86_64" | "arm64", digit: string) => PublicBase): PublicBase[] {
  return [make("x86_64", "1"), make("arm64", "2")];
}

/** Source of name and parameter: AL2023 user guide, "Launching AL2023 using the SSM parameter"; owner 137112412989 is Amazon's. */
const amazonLinux = bothArchitectures((architecture, digit) => ({
  imageId: `ami-0a12023000000000${digit}`,
  snapshotId: `snap-0a12023000000000${digit}`,
  name: `al2023-ami-2023.9.20251105.0-kernel-6.1-${architecture}`,
  description: `Amazon Linux 2023 AMI 2023.9.20251105.0 ${architecture} HVM kernel-6.1`,
  ownerId: "137112412989",
  ownerAlias: "amazon",
  architecture,
  rootDeviceName: "/dev/xvda",
  rootSizeGiB: 8,
  bootMode: architecture === "arm64" ? "uefi" : "uefi-preferred",
  imdsSupport: "v2.0",
  lineage: { base: "al2023", ...linux },
  publicParameter: `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`,
}));

/** Source: Debian wiki, Cloud/AmazonEC2Image/Bookworm (owner 136693071363). */
const debian = bothArchitectures((architecture, digit) => ({
  imageId: `ami-0deb120000000000${digit}`,
  snapshotId: `snap-0deb120000000000${digit}`,
  name: `debian-12-${debianName[architecture]}-20251006-2257`,
  description: "Debian 12 (20251006-2257)",
  ownerId: "136693071363",
  architecture,
  rootDeviceName: "/dev/xvda",
  rootSizeGiB: 8,
  bootMode: architecture === "arm64" ? "uefi" : "uefi-preferred",
  lineage: { base: "debian-12", ...linux },
  publicParameter: `/aws/service/debian/release/12/latest/${debianName[architecture]}`,
}));

/** Source: Canonical, "Find Ubuntu images on AWS" (owner 099720109477). */
const ubuntu = bothArchitectures((architecture, digit) => ({
  imageId: `ami-00b024040000000${digit}0`,
  snapshotId: `snap-00b024040000000${digit}0`,
  name: `ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-${debianName[architecture]}-server-20251022`,
  description: `Canonical, Ubuntu, 24.04, ${debianName[architecture]} noble image`,
  ownerId: "099720109477",
  architecture,
  rootDeviceName: "/dev/sda1",
  rootSizeGiB: 8,
  bootMode: architecture === "arm64" ? "uefi" : "uefi-preferred",
  imdsSupport: "v2.0",
  lineage: { base: "ubuntu-24.04", ...linux },
  publicParameter: `/aws/service/canonical/ubuntu/server/24.04/stable/current/${debianName[architecture]}/hvm/ebs-gp3/ami-id`,
}));

/** Bases a deploy tool must refuse: one that AWS bills for Windows, one with a Marketplace product code. */
const refused: PublicBase[] = [
  {
    imageId: "ami-0d1d2022000000001",
    snapshotId: "snap-0d1d2022000000001",
    name: "Windows_Server-2022-English-Full-Base-2025.10.15",
    description: "Microsoft Windows Server 2022 Full Locale English AMI provided by Amazon",
    ownerId: "801119661308",
    ownerAlias: "amazon",
    architecture: "x86_64",
    rootDeviceName: "/dev/sda1",
    rootSizeGiB: 30,
    bootMode: "uefi",
    // Billing codes: EC2 user guide, "AMI billing information fields".
    lineage: { platformDetails: "Windows", usageOperation: "RunInstances:0002", productCodes: [] },
    publicParameter: "/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base",
  },
  {
    imageId: "ami-0c0de000000000001",
    snapshotId: "snap-0c0de000000000001",
    name: "hardened-linux-12-marketplace-20251001",
    description: "A Linux image sold on AWS Marketplace",
    ownerId: "679593333241",
    ownerAlias: "aws-marketplace",
    architecture: "x86_64",
    rootDeviceName: "/dev/xvda",
    rootSizeGiB: 8,
    bootMode: "uefi-preferred",
    lineage: {
      base: "debian-12",
      platformDetails: "Linux/UNIX",
      usageOperation: "RunInstances",
      productCodes: [{ ProductCodeId: "4s9ycvj0c0dekilnlocaltest1", ProductCodeType: "marketplace" }],
    },
  },
];

/** Every public image this cloud knows; those with a parameter name belong into SSM's public parameters. */
export const publicBases: readonly PublicBase[] = [...amazonLinux, ...debian, ...ubuntu, ...refused];

/** Puts the public images and their root snapshots into the cloud. */
export function seedPublicBases(world: Ec2World): void {
  for (const base of publicBases) {
    if (world.images.get(base.imageId)) continue;
    const createdAtMs = Date.UTC(2025, 10, 5);
    const owner = { ownerId: base.ownerId, ...(base.ownerAlias ? { ownerAlias: base.ownerAlias } : {}) };
    world.snapshots.put({
      snapshotId: base.snapshotId,
      ...owner,
      state: "completed",
      progress: 100,
      volumeSizeGiB: base.rootSizeGiB,
      volumeId: "vol-ffffffff",
      description: "",
      encrypted: false,
      isPublic: true,
      tags: {},
      startedAtMs: createdAtMs,
      completedAtMs: createdAtMs,
      visibleAtMs: 0,
      lineage: base.lineage,
    });
    world.images.put(base.imageId, {
      imageId: base.imageId,
      name: base.name,
      description: base.description,
      ...owner,
      state: "available",
      architecture: base.architecture,
      virtualizationType: "hvm",
      rootDeviceName: base.rootDeviceName,
      mappings: [
        {
          deviceName: base.rootDeviceName,
          ebs: {
            snapshotId: base.snapshotId,
            volumeSizeGiB: base.rootSizeGiB,
            volumeType: "gp3",
            iops: 3000,
            throughput: 125,
            deleteOnTermination: true,
            encrypted: false,
          },
        },
      ],
      enaSupport: true,
      sriovNetSupport: "simple",
      bootMode: base.bootMode,
      ...(base.imdsSupport ? { imdsSupport: base.imdsSupport } : {}),
      lineage: base.lineage,
      isPublic: true,
      launchAccounts: [],
      createdAtMs,
      deregistrationProtection: "disabled",
      ...(base.publicParameter ? { publicParameter: base.publicParameter } : {}),
      tags: {},
      visibleAtMs: 0,
    });
  }
}
