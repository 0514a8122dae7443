import {
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  type Image,
  RegisterImageCommand,
  type RegisterImageCommandInput,
} from "@aws-sdk/client-ec2";
import type { Account } from "./account.ts";
import { type Check, refusal } from "./check.ts";
import { written } from "./snapshot-checks.ts";

/** Registers an image whose root is a snapshot of one block. It could not boot, and nothing boots it. */
async function register(
  account: Account,
  name: string,
  SnapshotId: string,
  more: Partial<RegisterImageCommandInput> = {},
) {
  const { ImageId = "" } = await account.ec2.send(
    new RegisterImageCommand({
      Name: account.name(name),
      RootDeviceName: "/dev/xvda",
      BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { SnapshotId } }],
      TagSpecifications: [{ ResourceType: "image", Tags: account.tags }],
      ...more,
    }),
  );
  account.cleanUp(`image ${ImageId}`, () => account.ec2.send(new DeregisterImageCommand({ ImageId })));
  return ImageId;
}

async function available(account: Account, ImageId: string): Promise<Image> {
  return account.until("the image to be available", async () => {
    const look = account.ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId] }));
    const { Images } = await look.catch(notYet);
    return Images?.[0]?.State === "available" && Images[0];
  });
}

function notYet(error: Error): { Images: Image[] } {
  if (error.name === "InvalidAMIID.NotFound") return { Images: [] };
  throw error;
}

const modern = { Architecture: "x86_64", VirtualizationType: "hvm" } as const;

export const imageChecks: readonly Check[] = [
  {
    name: "register-defaults",
    question: "What does RegisterImage make of an image that says nothing of itself?",
    assumed: { Architecture: "i386", VirtualizationType: "paravirtual", EnaSupport: false, secondVolumeGoesToo: false },
    basis: "EC2 API reference, RegisterImage. Kiln says every attribute because of it.",
    cents: 1,
    async run(account) {
      const SnapshotId = await written(account, { 0: 1 });
      const BlockDeviceMappings = ["/dev/xvda", "/dev/sdk"].map((DeviceName) => ({ DeviceName, Ebs: { SnapshotId } }));
      const image = await available(account, await register(account, "defaults", SnapshotId, { BlockDeviceMappings }));
      const { Architecture, VirtualizationType, EnaSupport = false } = image;
      const second = image.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === "/dev/sdk");
      const secondVolumeGoesToo = second?.Ebs?.DeleteOnTermination;
      return { facts: { Architecture, VirtualizationType, EnaSupport, secondVolumeGoesToo } };
    },
  },
  {
    name: "image-name",
    question: "Is an image's name taken from the moment RegisterImage answered?",
    assumed: { second: "InvalidAMIName.Duplicate" },
    basis: "EC2 API reference, RegisterImage: no client token. The name is what makes a repeated bake harmless.",
    cents: 1,
    async run(account) {
      const snapshot = await written(account, { 0: 1 });
      await register(account, "twice", snapshot, modern);
      return { facts: { second: await refusal(register(account, "twice", snapshot, modern)) } };
    },
  },
  {
    name: "image-keeps-snapshots",
    question:
      "Can a snapshot be deleted while an image has it, and does deregistering take it along unless another image has it too?",
    assumed: { whileInUse: "InvalidSnapshot.InUse", withSharedSnapshot: "none", afterwards: "InvalidSnapshot.InUse" },
    basis:
      "EC2 API reference, DeregisterImage, DeleteAssociatedSnapshots. Reaping a release must leave the base's root alone.",
    cents: 1,
    async run(account) {
      const SnapshotId = await written(account, { 0: 1 });
      const [first, second] = [
        await register(account, "first", SnapshotId, modern),
        await register(account, "second", SnapshotId, modern),
      ];
      await Promise.all([available(account, first), available(account, second)]);
      const remove = () => account.ec2.send(new DeleteSnapshotCommand({ SnapshotId }));
      const whileInUse = await refusal(remove());
      const deregister = new DeregisterImageCommand({ ImageId: first, DeleteAssociatedSnapshots: true });
      const withSharedSnapshot = await refusal(account.ec2.send(deregister));
      return { facts: { whileInUse, withSharedSnapshot, afterwards: await refusal(remove()) } };
    },
  },
  {
    name: "image-available",
    question: "How long does an image take to be available?",
    assumed: { encryptedMemberInMapping: "refused" },
    basis:
      "No published figure for the time. EC2 API reference, EbsBlockDevice: Encrypted beside a snapshot makes the request fail.",
    cents: 1,
    async run(account) {
      const SnapshotId = await written(account, { 0: 1 });
      const startedMs = performance.now();
      await available(account, await register(account, "timed", SnapshotId, modern));
      const seconds = { untilAvailable: (performance.now() - startedMs) / 1000 };
      const BlockDeviceMappings = [{ DeviceName: "/dev/xvda", Ebs: { SnapshotId, Encrypted: false } }];
      const encrypted = await refusal(register(account, "encrypted", SnapshotId, { ...modern, BlockDeviceMappings }));
      return { facts: { encryptedMemberInMapping: encrypted === "none" ? "taken" : "refused" }, seconds };
    },
  },
];
