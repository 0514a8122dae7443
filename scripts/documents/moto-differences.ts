import { code, markdownTable } from "./document.ts";

/** One promise of Kiln's AWS layer that moto's server does not let hold. */
export interface MotoDifference {
  /** Name of the promise in `test/contract/aws-layer`. */
  promise: string;
  /** What is said when it is tried on moto. */
  found: RegExp;
  /** What moto does. */
  moto: string;
  /** What AWS does, as the embedded cloud does it too. */
  aws: string;
  source: string;
}

/** Where moto and the embedded cloud differ under `shared/aws`. The contract tests fail when one of them is gone. */
export const motoDifferences: readonly MotoDifference[] = [
  {
    promise: "snapshots: the same token starts the same snapshot",
    found: /to be 'snap-/,
    moto: "StartSnapshot ignores ClientToken: a repeated call makes a second snapshot.",
    aws: "The same token with the same input returns the first snapshot.",
    source: "EBS API reference, StartSnapshot, ClientToken",
  },
  {
    promise: "snapshots: a block whose digest is another's is refused",
    found: /instead of rejecting/,
    moto: "PutSnapshotBlock takes any checksum.",
    aws: "ValidationException when the bytes do not have the checksum.",
    source: "EBS API reference, PutSnapshotBlock, Checksum",
  },
  {
    promise: "snapshots: a seal over other digests is refused",
    found: /instead of rejecting/,
    moto: "CompleteSnapshot takes any checksum.",
    aws: "ValidationException when the LINEAR checksum over the blocks' digests differs.",
    source: "EBS API reference, CompleteSnapshot; awslabs/coldsnap src/upload.rs",
  },
  {
    promise: "images: a base is plain Linux, and one that is not there is refused",
    found: /BaseRefusedError|lose its billing/,
    moto: "DescribeImages has no PlatformDetails, so that Kiln refuses the base.",
    aws: "PlatformDetails says what the image is billed as; RegisterImage tells its callers to check it.",
    source: "EC2 API reference, Image and RegisterImage",
  },
  {
    promise: "images: a second copy with the same token is the first",
    found: /to have a length of 1 but got 2/,
    moto: "CopyImage ignores ClientToken, and lets two images have one name.",
    aws: "The same token returns the first image; names are unique in an account and region.",
    source: "EC2 developer guide, ensuring idempotency; EC2 API reference, RegisterImage, Name",
  },
  {
    promise: "images: what is registered is what was asked for, and its name is taken",
    found: /differs from its base/,
    moto: "RegisterImage keeps its own values for what it was given (EnaSupport, block devices).",
    aws: "The image has the attributes of the request, and of nothing else.",
    source: "EC2 API reference, RegisterImage",
  },
  {
    promise: "snapshots: one that an image uses stays",
    found: /to be 'completed'/,
    moto: "DeleteSnapshot deletes a snapshot that an image is made of.",
    aws: "InvalidSnapshot.InUse.",
    source: "EC2 API reference, DeleteSnapshot",
  },
  {
    promise: "templates: a release has one version, found again, and the default one can go",
    found: /parse error|NotImplemented|not been implemented/i,
    moto: "ModifyLaunchTemplate does not exist.",
    aws: "It sets the default version; the default version itself cannot be deleted.",
    source: "EC2 API reference, ModifyLaunchTemplate and DeleteLaunchTemplateVersions",
  },
  {
    promise: "traffic: a weight above 999 is refused",
    found: /instead of rejecting/,
    moto: "CreateRule takes a weight of 1000.",
    aws: "ValidationError: weights are 0 to 999.",
    source: "Elastic Load Balancing API reference, TargetGroupTuple, Weight",
  },
  {
    promise: "fleets: one that exists is not made again",
    found: /to match object/,
    moto: "CreateAutoScalingGroup replaces a group of the same name.",
    aws: "AlreadyExistsFault; the group stays as it is.",
    source: "EC2 Auto Scaling API reference, CreateAutoScalingGroup, errors",
  },
  {
    promise: "fleets: one with instances is not deleted",
    found: /expected true to be false/,
    moto: "DeleteAutoScalingGroup without ForceDelete deletes a group with its instances.",
    aws: "ResourceInUseFault, or ScalingActivityInProgressFault while one is being launched.",
    source: "EC2 Auto Scaling API reference, DeleteAutoScalingGroup, ForceDelete and errors",
  },
];

export function motoDifferencesDocument(): string {
  const rows = motoDifferences.map(({ promise, moto, aws, source }) => [promise, moto, aws, source]);
  return `# Where moto and the embedded cloud differ

Kiln's own AWS layer (${code("shared/aws")}) makes the same promises on two clouds: on the embedded cloud, and on
${code("moto_server")}, which others wrote and which knows nothing of Kiln (${code("test/contract/aws-layer")}, run by
${code("npm run test:clients")}). All of them hold on the embedded cloud. On moto all hold but these; each is tried there too,
and one that holds after all has to leave the list. Who is right is said by AWS's own documentation.

${markdownTable(["Promise", "moto", "AWS, and the embedded cloud", "Source"], rows)}
`;
}
