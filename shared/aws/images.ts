import {
  type BlockDeviceMapping,
  CopyImageCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DisableImageCommand,
  type EC2Client,
  EnableImageCommand,
  type Filter,
  type Image,
  RegisterImageCommand,
} from "@aws-sdk/client-ec2";
import type { OwnImage } from "../domain/image-plan.ts";
import { ownedBaseName, tagKeys } from "../domain/names.ts";
import { BakeFailedError, BaseRefusedError, ImageMismatchError, isNamed } from "../errors.ts";
import { deleteUnlessGone } from "./deleting.ts";

/** An image as EC2 describes it. */
export type BaseImage = Image;

/** What became of an image of ours. */
export interface FoundImage {
  state: ImageState;
  image: Image | undefined;
}

/** The most that DescribeImages answers in one page (API_DescribeImages, MaxResults). */
const imagesPerPage = 1000;

const absent: FoundImage = { state: "absent", image: undefined };

export type ImageState = "absent" | "pending" | "available" | "disabled" | "failed";

/** What a stage has to make releases on, and what it has made. */
export interface StageBases {
  bases: (OwnImage & { snapshotIds: string[] })[];
  made: { imageId: string; snapshotIds: string[] }[];
}

/** Device name under which the release volume is attached; the boot script finds it by content, not by this. */
const releaseDevice = "/dev/sdk";

/** Amazon machine images: the owned copy of a base, and the image of a release. */
export class Images {
  readonly #ec2: EC2Client;

  constructor(ec2: EC2Client) {
    this.#ec2 = ec2;
  }

  /** An image of our own by its unique name. */
  async find(name: string): Promise<FoundImage> {
    return (await this.findEach([name]))[0] ?? absent;
  }

  /** Images of our own by their unique names, in the order of the names. */
  async findEach(names: string[]): Promise<FoundImage[]> {
    const found = await this.#ec2.send(
      new DescribeImagesCommand({
        Owners: ["self"],
        Filters: [{ Name: "name", Values: names }],
        IncludeDisabled: true,
      }),
    );
    return names.map((name) => {
      const image = found.Images?.find(({ Name }) => Name === name);
      return { state: stateOf(image), image };
    });
  }

  /** The stage's own copies of base images, each with the image it is a copy of. */
  async ownedBases(
    stage: string,
  ): Promise<{ of: string; imageId: string; state: ImageState; madeAt: string | null }[]> {
    const prefix = ownedBaseName(stage, "");
    const found = await this.#ec2.send(
      new DescribeImagesCommand({
        Owners: ["self"],
        Filters: [{ Name: "name", Values: [`${prefix}*`] }],
        IncludeDisabled: true,
      }),
    );
    return (found.Images ?? []).map((image) => ({
      of: (image.Name ?? "").slice(prefix.length),
      imageId: image.ImageId ?? "",
      state: stateOf(image),
      madeAt: image.CreationDate ?? null,
    }));
  }

  /**
   * The images of releases that this stage has made, disabled ones too, by the name of their service. Nothing that lacks the
   * stage's tags is among them.
   * @param service Only this one's.
   */
  async ofStage(stage: string, service?: string): Promise<Map<string, OwnImage[]>> {
    const Filters = [
      { Name: `tag:${tagKeys.stage}`, Values: [stage] },
      { Name: `tag:${tagKeys.role}`, Values: ["image"] },
      ...(service === undefined ? [] : [{ Name: `tag:${tagKeys.service}`, Values: [service] }]),
    ];
    const found = new Map<string, OwnImage[]>();
    for await (const image of this.#tagged(Filters)) addOwn(found, image);
    return found;
  }

  /**
   * The stage's images that releases can be made on, disabled ones too, and all its other images. An image on trial is
   * neither: its build looks after it.
   */
  async stageBases(stage: string): Promise<StageBases> {
    const found: StageBases = { bases: [], made: [] };
    for await (const image of this.#tagged([{ Name: `tag:${tagKeys.stage}`, Values: [stage] }])) {
      const snapshotIds = (image.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []);
      const own = ownImage(image);
      if (tagOf(image, tagKeys.role) === "base" && own) found.bases.push({ ...own, snapshotIds });
      else if (tagOf(image, tagKeys.role) === "image") found.made.push({ imageId: image.ImageId ?? "", snapshotIds });
    }
    return found;
  }

  /** Images of our own in every state, page by page. */
  async *#tagged(Filters: Filter[]): AsyncGenerator<Image> {
    let token: string | undefined;
    do {
      const page = await this.#ec2.send(
        new DescribeImagesCommand({
          Owners: ["self"],
          Filters,
          IncludeDisabled: true,
          MaxResults: imagesPerPage,
          ...(token && { NextToken: token }),
        }),
      );
      yield* page.Images ?? [];
      token = page.NextToken;
    } while (token);
  }

  /**
   * A public base image.
   * @throws {BaseRefusedError} when it is gone, carries billing codes or is not plain Linux: RegisterImage would not keep
   * its billing (API_RegisterImage: "check PlatformDetails").
   */
  async base(imageId: string): Promise<Image> {
    const image = await this.#describe(imageId);
    if (!image) {
      throw new BaseRefusedError(
        `Base image ${imageId} does not exist in this region.`,
        "Name one that does in the spec.",
      );
    }
    if (image.PlatformDetails !== "Linux/UNIX" || (image.ProductCodes ?? []).length > 0) {
      const codes = (image.ProductCodes ?? []).map(({ ProductCodeId }) => ProductCodeId).join(", ") || "none";
      throw new BaseRefusedError(
        `Base image ${imageId} is ${image.PlatformDetails} with product codes ${codes}; a release of it would lose its billing.`,
        "Use a plain Linux base such as al2023.",
      );
    }
    return image;
  }

  /** Starts an owned, encrypted copy; a repeated call with the same token starts none. */
  async copy(input: {
    name: string;
    sourceImageId: string;
    region: string;
    keyArn: string;
    token: string;
    tags: Record<string, string>;
  }) {
    await this.#ec2.send(
      new CopyImageCommand({
        Name: input.name,
        SourceImageId: input.sourceImageId,
        SourceRegion: input.region,
        ClientToken: input.token,
        Encrypted: true,
        KmsKeyId: input.keyArn,
        TagSpecifications: [
          { ResourceType: "image", Tags: tagList(input.tags) },
          { ResourceType: "snapshot", Tags: tagList(input.tags) },
        ],
      }),
    );
  }

  /**
   * Registers base root + release volume under a unique name; a name that is taken is found by the next turn.
   * Every attribute is copied explicitly: RegisterImage inherits nothing and its defaults are those of 2008.
   */
  async register(input: {
    name: string;
    base: Image;
    snapshotId: string;
    rootGib: number;
    tags: Record<string, string>;
  }): Promise<void> {
    const { base } = input;
    try {
      await this.#ec2.send(
        new RegisterImageCommand({
          Name: input.name,
          Description: `Kiln release image on ${base.Name ?? base.ImageId}`,
          Architecture: base.Architecture,
          RootDeviceName: base.RootDeviceName,
          VirtualizationType: base.VirtualizationType,
          EnaSupport: base.EnaSupport,
          SriovNetSupport: base.SriovNetSupport,
          ...(base.BootMode && { BootMode: base.BootMode }),
          ...(base.TpmSupport && { TpmSupport: base.TpmSupport }),
          ImdsSupport: "v2.0",
          BlockDeviceMappings: mappings(base, input.snapshotId, input.rootGib),
          TagSpecifications: [{ ResourceType: "image", Tags: tagList(input.tags) }],
        }),
      );
    } catch (error) {
      if (!isNamed(error, "InvalidAMIName.Duplicate")) throw error;
    }
  }

  /** @throws {ImageMismatchError} when what was registered is not what was asked: AWS's defaults crept in. */
  verify(image: Image, base: Image, snapshotId: string | undefined): void {
    const same = [
      "Architecture",
      "RootDeviceName",
      "VirtualizationType",
      "EnaSupport",
      "BootMode",
      "PlatformDetails",
    ] as const;
    const differing = same
      .filter((key) => image[key] !== base[key])
      .map((key) => `${key} ${image[key]} instead of ${base[key]}`);
    const devices = image.BlockDeviceMappings ?? [];
    if (snapshotId && !devices.some(({ Ebs }) => Ebs?.SnapshotId === snapshotId))
      differing.push("the release volume is missing");
    if (devices.some(({ Ebs }) => Ebs && Ebs.DeleteOnTermination !== true))
      differing.push("a volume would outlive its instance");
    if (differing.length === 0) return;
    throw new ImageMismatchError(
      `Image ${image.ImageId} differs from its base: ${differing.join(", ")}.`,
      "Report this; the image will be removed and no fleet was launched.",
    );
  }

  async enable(imageId: string): Promise<void> {
    await this.#ec2.send(new EnableImageCommand({ ImageId: imageId }));
  }

  /** Nobody can launch from it until it is enabled again; its snapshots stay. */
  async disable(imageId: string): Promise<void> {
    await this.#ec2.send(new DisableImageCommand({ ImageId: imageId }));
  }

  /** Removes an image with its own snapshots; one that another image shares stays. Harmless when it is gone. */
  async deregister(imageId: string): Promise<void> {
    try {
      await deleteUnlessGone(
        () => this.#ec2.send(new DeregisterImageCommand({ ImageId: imageId, DeleteAssociatedSnapshots: true })),
        async () => stateOf(await this.#describe(imageId)) !== "absent",
      );
    } catch (error) {
      if (!isNamed(error, "InvalidAMIID.NotFound", "InvalidAMIID.Unavailable")) throw error;
    }
  }

  async #describe(imageId: string): Promise<Image | undefined> {
    try {
      return (await this.#ec2.send(new DescribeImagesCommand({ ImageIds: [imageId] }))).Images?.[0];
    } catch (error) {
      if (isNamed(error, "InvalidAMIID.NotFound", "InvalidAMIID.Malformed")) return undefined;
      throw error;
    }
  }
}

function addOwn(found: Map<string, OwnImage[]>, image: Image): void {
  const [service, own] = [tagOf(image, tagKeys.service), ownImage(image)];
  if (!own || service === undefined) return;
  const others = found.get(service);
  if (others) others.push(own);
  else found.set(service, [own]);
}

function tagOf({ Tags }: Image, key: string): string | undefined {
  return Tags?.find(({ Key }) => Key === key)?.Value;
}

function ownImage(image: Image): OwnImage | undefined {
  const state = stateOf(image);
  if (!image.ImageId || !image.Name || state === "absent") return undefined;
  const protection = image.DeregistrationProtection ?? "disabled";
  const isProtected = !protection.startsWith("disabled");
  return {
    imageId: image.ImageId,
    name: image.Name,
    generation: tagOf(image, tagKeys.generation) ?? "",
    state,
    protectedBy:
      tagOf(image, tagKeys.keep) !== undefined
        ? `it has the tag ${tagKeys.keep}`
        : isProtected
          ? "it is protected against deregistration"
          : undefined,
  };
}

function stateOf(image: Image | undefined): ImageState {
  if (!image) return "absent";
  if (image.State === "available" || image.State === "disabled" || image.State === "pending") return image.State;
  if (image.State === "deregistered") return "absent";
  return "failed";
}

/** Whether releases may be made on it: a golden image only once it passed its checks, which its tag says. */
export function isUsableBase({ state, image }: FoundImage): boolean {
  return (
    state === "available" && image?.Tags?.some(({ Key, Value }) => Key === tagKeys.role && Value === "base") === true
  );
}

/** @throws {BakeFailedError} with AWS's reason. */
export function failedImage(image: Image): BakeFailedError {
  const reason = image.StateReason?.Message ?? image.State ?? "unknown";
  return new BakeFailedError(
    `Image ${image.ImageId} (${image.Name}) ended as ${image.State}: ${reason}.`,
    "Deploy again.",
  );
}

function mappings(base: Image, releaseSnapshotId: string, rootGib: number): BlockDeviceMapping[] {
  const root = base.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === base.RootDeviceName)?.Ebs;
  return [
    {
      DeviceName: base.RootDeviceName,
      // Encrypted must be left out: "If you include this parameter, the request will fail" (API_RegisterImage).
      Ebs: { SnapshotId: root?.SnapshotId, VolumeSize: rootGib, VolumeType: "gp3", DeleteOnTermination: true },
    },
    { DeviceName: releaseDevice, Ebs: { SnapshotId: releaseSnapshotId, VolumeType: "gp3", DeleteOnTermination: true } },
  ];
}

export function tagList(tags: Record<string, string>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** Tags of something that belongs to one release. */
export function releaseTags(stage: string, service: string, generation: string, role: string): Record<string, string> {
  return {
    [tagKeys.stage]: stage,
    [tagKeys.service]: service,
    [tagKeys.generation]: generation,
    [tagKeys.role]: role,
  };
}
