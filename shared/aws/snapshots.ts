import {
  CompleteSnapshotCommand,
  type EBSClient,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
} from "@aws-sdk/client-ebs";
import { DeleteSnapshotCommand, DescribeSnapshotsCommand, type EC2Client } from "@aws-sdk/client-ec2";
import { BakeFailedError, isNamed } from "../errors.ts";
import { deleteUnlessGone } from "./deleting.ts";
import { tagList } from "./images.ts";

/** Unit: minutes. AWS cancels an unfinished snapshot after this; 60 is its default, and a bake that takes longer is lost. */
const snapshotTimeoutMinutes = 60;

/**
 * Unit: milliseconds. How long a put may meet "snapshot does not exist" after StartSnapshot before that is believed.
 * Source: awslabs/coldsnap pull 56, where the EBS team names two minutes.
 */
export const notFoundPatienceMs = 130_000;

/** Release volumes as EBS snapshots, written block by block without an instance. */
export class Snapshots {
  readonly #ebs: EBSClient;
  readonly #ec2: EC2Client;

  constructor(ebs: EBSClient, ec2: EC2Client) {
    this.#ebs = ebs;
    this.#ec2 = ec2;
  }

  /** Starts an encrypted snapshot; a repeated call with the same token returns the same one. */
  async start(input: {
    gib: number;
    token: string;
    keyArn: string;
    tags: Record<string, string>;
    description: string;
  }): Promise<string> {
    const started = await this.#ebs.send(
      new StartSnapshotCommand({
        VolumeSize: input.gib,
        ClientToken: input.token,
        Encrypted: true,
        KmsKeyArn: input.keyArn,
        Timeout: snapshotTimeoutMinutes,
        Description: input.description,
        Tags: tagList(input.tags),
      }),
    );
    if (started.SnapshotId) return started.SnapshotId;
    throw new BakeFailedError("StartSnapshot answered without a snapshot id.", "Deploy again.");
  }

  /**
   * Writes one block. Returns how often it was sent until AWS took it, more than once when AWS asked for patience; or
   * undefined while the snapshot is not yet known where blocks are written: ask again.
   * @param sha256 Raw SHA-256 of the block.
   */
  async put(snapshotId: string, index: number, block: Uint8Array, sha256: Uint8Array): Promise<number | undefined> {
    try {
      const { $metadata } = await this.#ebs.send(
        new PutSnapshotBlockCommand({
          SnapshotId: snapshotId,
          BlockIndex: index,
          BlockData: block,
          DataLength: block.length,
          Checksum: Buffer.from(sha256).toString("base64"),
          ChecksumAlgorithm: "SHA256",
        }),
      );
      return $metadata.attempts ?? 1;
    } catch (error) {
      if (isNamed(error, "ResourceNotFoundException")) return undefined;
      throw error;
    }
  }

  /**
   * Seals a snapshot.
   * @param linearSha256 Raw SHA-256 over the raw digests of all blocks in order (LINEAR; awslabs/coldsnap src/upload.rs).
   */
  async complete(snapshotId: string, blockCount: number, linearSha256: Uint8Array): Promise<void> {
    await this.#ebs.send(
      new CompleteSnapshotCommand({
        SnapshotId: snapshotId,
        ChangedBlocksCount: blockCount,
        Checksum: Buffer.from(linearSha256).toString("base64"),
        ChecksumAlgorithm: "SHA256",
        ChecksumAggregationMethod: "LINEAR",
      }),
    );
  }

  /** State of a snapshot as EC2 tells it; undefined when EC2 does not know it (yet). */
  async state(snapshotId: string): Promise<string | undefined> {
    try {
      const found = await this.#ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] }));
      return found.Snapshots?.[0]?.State;
    } catch (error) {
      if (isNamed(error, "InvalidSnapshot.NotFound")) return undefined;
      throw error;
    }
  }

  /** Deletes the snapshots with these tags that no image uses; harmless when there are none. */
  async deleteTagged(tags: Record<string, string>): Promise<void> {
    const found = await this.#ec2.send(
      new DescribeSnapshotsCommand({
        OwnerIds: ["self"],
        Filters: Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] })),
      }),
    );
    for (const { SnapshotId } of found.Snapshots ?? []) {
      try {
        await deleteUnlessGone(
          () => this.#ec2.send(new DeleteSnapshotCommand({ SnapshotId })),
          async () => (await this.state(SnapshotId ?? "")) !== undefined,
        );
      } catch (error) {
        // In use: another release has the same image and keeps it.
        if (!isNamed(error, "InvalidSnapshot.InUse", "InvalidSnapshot.NotFound")) throw error;
      }
    }
  }
}
