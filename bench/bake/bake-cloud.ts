import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { DeleteSnapshotCommand, EC2Client } from "@aws-sdk/client-ec2";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { blockBytes } from "../../boot/release-volume.ts";
import { clientConfiguration, connectTo, embeddedCredentials, embeddedRegion } from "../../cli/aws/connection.ts";
import { projectDirectory } from "../../cli/kiln-directory.ts";
import { readSpecFile } from "../../cli/spec-file.ts";
import { startCloud } from "../../local/cloud.ts";
import { Documents } from "../../shared/aws/documents.ts";
import { Ledger } from "../../shared/aws/ledger.ts";
import type { Part, Release } from "../../shared/domain/release.ts";
import { closedAtSignal } from "../closed-at-signal.ts";
import type { ArchiveTask, UploadTask } from "./upload-task.ts";

const artifactsBucket = "kiln-bench-artifacts";
const ledgerBucket = "kiln-bench-ledger";

/** A cloud with buckets and a key, and nothing else in it. */
export interface BakeCloud {
  /** What an SDK client needs to find it. */
  environment: Record<string, string>;
  /** Puts an artifact of so many bytes there, admitted: its block digests are in the ledger. */
  admit(mebibytes: number): Promise<Omit<UploadTask, "callMs">>;
  /** Puts an archive there as a person would: what admission reads is the real thing. */
  push(file: string): Promise<ArchiveTask>;
  /** Gives the disk back. */
  deleteSnapshot(snapshotId: string): Promise<void>;
  close(): Promise<void>;
}

export async function openBakeCloud(): Promise<BakeCloud> {
  const directory = await mkdtemp(join(tmpdir(), "kiln-bench-"));
  const cloud = await startCloud({ port: 0, stateDirectory: directory, timeFactor: 1, log: () => {} });
  // Bytes are measured here; how long AWS takes to know a new snapshot has its place in the latency.
  cloud.kernel.settings.delays = { ...cloud.kernel.settings.delays, snapshotNotFoundSeconds: 0 };
  const configuration = clientConfiguration(connectTo(cloud.endpoint));
  const s3 = new S3Client({ ...configuration, forcePathStyle: true });
  const ec2 = new EC2Client(configuration);
  for (const Bucket of [artifactsBucket, ledgerBucket]) {
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  }
  const key = await new KMSClient(configuration).send(new CreateKeyCommand({}));
  const ledger = new Ledger(new Documents(s3, ledgerBucket));
  return {
    environment: {
      AWS_ENDPOINT_URL: cloud.endpoint,
      AWS_REGION: embeddedRegion,
      AWS_ACCESS_KEY_ID: embeddedCredentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: embeddedCredentials.secretAccessKey,
    },
    async admit(mebibytes) {
      const release = await releaseWith(await pushArtifact(s3, ledger, mebibytes));
      return { release, artifactsBucket, ledgerBucket, keyArn: key.KeyMetadata?.Arn ?? "" };
    },
    async push(file) {
      const key = "layers/node-24.tar.gz";
      const params = { Bucket: artifactsBucket, Key: key, Body: createReadStream(file) };
      const { VersionId = "" } = await new Upload({ client: s3, params }).done();
      return { artifactsBucket, key, versionId: VersionId };
    },
    deleteSnapshot: async (SnapshotId) => void (await ec2.send(new DeleteSnapshotCommand({ SnapshotId }))),
    close: closedAtSignal(async () => {
      await cloud.stop();
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    }),
  };
}

/** Uploads bytes that no two blocks share, digesting them on the way as admission does. */
async function pushArtifact(s3: S3Client, ledger: Ledger, mebibytes: number): Promise<Part> {
  const bytes = mebibytes * 1024 * 1024;
  const whole = createHash("sha256");
  const digests: Buffer[] = [];
  function* blocks() {
    for (let index = 0; index < bytes / blockBytes; index++) {
      const block = Buffer.alloc(blockBytes, createHash("sha256").update(String(index)).digest());
      whole.update(block);
      digests.push(createHash("sha256").update(block).digest());
      yield block;
    }
  }
  const key = `web/${mebibytes}.tar.gz`;
  const params = { Bucket: artifactsBucket, Key: key, Body: Readable.from(blocks()) };
  const pushed = await new Upload({ client: s3, partSize: 8 * 1024 * 1024, params }).done();
  const sha256 = whole.digest("hex");
  await ledger.parts.storeDigests(sha256, Buffer.concat(digests));
  return { name: "web", key, versionId: pushed.VersionId ?? "", bytes, unpackedBytes: bytes, sha256 };
}

/** A release around an artifact; of the rest the bake of bytes reads nothing. */
async function releaseWith(artifact: Part): Promise<Release> {
  const spec = await readSpecFile(join(projectDirectory, "examples", "web", "kiln.yaml"));
  const time = new Date(0).toISOString();
  return {
    service: spec.service,
    generation: "web-000001",
    createdAt: time,
    execution: "none",
    intent: { kind: "manual", time, tieBreak: "none" },
    version: "1.0.0",
    artifact,
    layers: [],
    base: { name: "al2023", imageId: "none", architecture: spec.architecture },
    start: "bin/web",
    spec,
    network: { listenerArn: "", loadBalancerArn: "", origin: "", vpcId: "", subnetIds: [], securityGroupIds: [] },
    imageDigest: artifact.sha256,
    releaseDigest: artifact.sha256,
    trialSecret: "",
  };
}
