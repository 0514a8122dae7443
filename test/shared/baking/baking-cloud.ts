import { createHash } from "node:crypto";
import { EBSClient } from "@aws-sdk/client-ebs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { S3Client } from "@aws-sdk/client-s3";
import { blockBytes } from "../../../boot/release-volume.ts";
import { VirtualClock } from "../../../local/core/clock.ts";
import { Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { EncryptionDefaults } from "../../../local/ebs/encryption-defaults.ts";
import { everyKeyUsable } from "../../../local/ebs/key-access.ts";
import { MemoryBlockFiles } from "../../../local/ebs/memory-block-files.ts";
import { EbsService } from "../../../local/ebs/service.ts";
import { Snapshots as SnapshotModels } from "../../../local/ebs/snapshots.ts";
import { MemoryObjectFiles } from "../../../local/s3/object-files.ts";
import { S3Service } from "../../../local/s3/service.ts";
import { attachToClient, type SdkClient } from "../../../local/server/attach-to-client.ts";
import { Artifacts } from "../../../shared/aws/artifacts.ts";
import { Documents } from "../../../shared/aws/documents.ts";
import { Ledger } from "../../../shared/aws/ledger.ts";
import { Snapshots } from "../../../shared/aws/snapshots.ts";
import type { Release } from "../../../shared/domain/release.ts";
import { parseServiceSpec } from "../../../shared/domain/service-spec.ts";
import { person } from "../../local/s3/cloud.ts";

interface SentCommand {
  input: { BlockIndex?: number; Bucket?: string; Range?: string };
}

/** A process that bakes: its SDK clients, until it is killed. */
export interface Process {
  artifacts: Artifacts;
  ledger: Ledger;
  snapshots: Snapshots;
  now: () => number;
}

/** The embedded S3 and EBS in memory, with a release in them whose volume has so many blocks. */
export async function bakingCloud(blockCount: number) {
  const clock = new VirtualClock();
  const kernel = new Kernel(settingsWith(), clock);
  kernel.judge = () => undefined;
  kernel.register(new S3Service(kernel, new MemoryObjectFiles()));
  const models = new SnapshotModels(kernel, new MemoryBlockFiles());
  kernel.register(new EbsService(kernel, models, everyKeyUsable(kernel), new EncryptionDefaults(kernel)));
  await kernel.start();
  for (const Bucket of ["artifacts", "ledger"]) {
    await kernel.call("s3", "CreateBucket", { Bucket }, person);
    const VersioningConfiguration = { Status: "Enabled" };
    await kernel.call("s3", "PutBucketVersioning", { Bucket, VersioningConfiguration }, person);
  }
  /** Blocks sent, those that EBS took, and the ranges of the artifact that were asked of S3; of all processes. */
  const seen = { sent: [] as number[], taken: [] as number[], ranges: [] as (string | undefined)[] };

  /** @param killedAtPut The process dies when so many of its blocks have arrived; it hears nothing of the last. */
  const process = (killedAtPut = Number.POSITIVE_INFINITY): Process & { dead: Promise<void> } => {
    let sent = 0;
    let die = () => {};
    const dead = new Promise<void>((resolve) => {
      die = resolve;
    });
    const mortal = <C extends SdkClient>(client: C, service: string): C => {
      const { send } = attachToClient(client, kernel, service, person) as {
        send(command: SentCommand): Promise<unknown>;
      };
      const limited = async (command: SentCommand) => {
        if (sent >= killedAtPut) return never();
        const { BlockIndex, Bucket, Range } = command.input;
        if (BlockIndex !== undefined) sent += 1;
        if (BlockIndex !== undefined) seen.sent.push(BlockIndex);
        if (Bucket === "artifacts") seen.ranges.push(Range);
        const last = sent >= killedAtPut;
        const answer = await send(command);
        if (BlockIndex !== undefined) seen.taken.push(BlockIndex);
        if (last) die();
        return sent >= killedAtPut ? never() : answer;
      };
      return Object.assign(client, { send: limited });
    };
    const region = { region: "us-east-1" };
    const s3 = mortal(new S3Client(region), "s3");
    return {
      artifacts: new Artifacts(s3, "artifacts"),
      ledger: new Ledger(new Documents(s3, "ledger")),
      snapshots: new Snapshots(mortal(new EBSClient(region), "ebs"), new EC2Client(region)),
      now: () => clock.now(),
      dead,
    };
  };
  const release = await pushedRelease(kernel, process().ledger, blockCount - 1);
  /** Starts a snapshot that takes blocks at once. */
  const start = async (token: string): Promise<string> => {
    const keyArn = "arn:aws:kms:us-east-1:123456789012:key/k";
    const id = await process().snapshots.start({ gib: 1, token, keyArn, description: "test", tags: {} });
    await clock.advance(10_000);
    return id;
  };
  const forget = () => {
    for (const list of Object.values(seen)) list.length = 0;
  };
  return { clock, models, seen, forget, process, release, start };
}

function never(): Promise<never> {
  return new Promise(() => {});
}

/** Pushes an artifact of so many blocks, no two of which are the same, as if it were admitted. */
async function pushedRelease(kernel: Kernel, ledger: Ledger, blocks: number): Promise<Release> {
  const block = (index: number) => Buffer.alloc(blockBytes, createHash("sha256").update(String(index)).digest());
  const whole = Buffer.concat(Array.from({ length: blocks }, (_, index) => block(index))).subarray(0, -1000);
  const digests = Array.from({ length: blocks }, (_, index) => {
    const bytes = Buffer.alloc(blockBytes);
    whole.copy(bytes, 0, index * blockBytes);
    return createHash("sha256").update(bytes).digest();
  });
  const sha256 = createHash("sha256").update(whole).digest("hex");
  const key = "web/1.tgz";
  const input = { Bucket: "artifacts", Key: key, Body: whole };
  const { VersionId } = await kernel.call<{ VersionId: string }>("s3", "PutObject", input, person);
  await ledger.parts.storeDigests(sha256, Buffer.concat(digests));
  const parsed = parseServiceSpec({ service: "web", capacity: { min: 1, max: 2 }, healthCheck: { path: "/" } });
  if (!("spec" in parsed)) throw new Error(JSON.stringify(parsed.problems));
  const time = new Date(0).toISOString();
  return {
    service: "web",
    generation: "web-000001",
    createdAt: time,
    execution: "none",
    intent: { kind: "manual", time, tieBreak: "none" },
    version: "1",
    artifact: { name: "web", key, versionId: VersionId, bytes: whole.length, unpackedBytes: whole.length, sha256 },
    layers: [],
    base: { name: "al2023", imageId: "ami-1", architecture: "x86_64" },
    start: "./server",
    spec: parsed.spec,
    network: { listenerArn: "", loadBalancerArn: "", origin: "", vpcId: "", subnetIds: [], securityGroupIds: [] },
    imageDigest: sha256,
    releaseDigest: sha256,
    trialSecret: "",
  };
}
