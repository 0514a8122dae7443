import { createHash } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { afterEach, expect, it } from "vitest";
import { encodeHeader, layOut } from "../../../boot/release-volume.ts";
import { renderUserData } from "../../../boot/user-data.ts";
import { PacedClock } from "../../../local/core/clock.ts";
import { noDelays } from "../../../local/core/delays.ts";
import { type Caller, Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { EncryptionDefaults } from "../../../local/ebs/encryption-defaults.ts";
import { everyKeyUsable } from "../../../local/ebs/key-access.ts";
import { EbsService } from "../../../local/ebs/service.ts";
import { Snapshots } from "../../../local/ebs/snapshots.ts";
import { SparseBlockFiles } from "../../../local/ebs/sparse-block-files.ts";
import { Ec2Service } from "../../../local/ec2/service.ts";
import { findIsolation, findOwnRoot } from "../../../local/machine/isolation.ts";
import { ownRootPlaces } from "../../../local/machine/own-root.ts";
import { ProcessHost } from "../../../local/machine/process-host.ts";

const blockBytes = 524_288;
const administrator: Caller = {
  kind: "user",
  arn: "arn:aws:iam::123456789012:user/admin",
  accountId: "123456789012",
  name: "admin",
};

const directory = mkdtempSync(join(tmpdir(), "kiln-boot-"));
const isolation = findIsolation();
const hasOwnRoot = isolation !== undefined && (await findOwnRoot(isolation, directory));
let kernel: Kernel;
let ec2: Ec2Service;

afterEach(async () => {
  await kernel.stop();
  await rm(directory, { recursive: true, force: true });
});

function startCloud(): Promise<void> {
  kernel = new Kernel(settingsWith({ delays: noDelays, stateDirectory: directory }), new PacedClock(1));
  kernel.judge = () => undefined;
  const files = new SparseBlockFiles(join(directory, "blocks"));
  const snapshots = new Snapshots(kernel, files);
  const keys = everyKeyUsable(kernel);
  const encryptionDefaults = new EncryptionDefaults(kernel);
  const machines = new ProcessHost({
    directory: join(directory, "instances"),
    volumeFile: (volumeId) => files.pathOf(volumeId),
    log: () => {},
  });
  ec2 = new Ec2Service(kernel, { snapshots, keys, encryptionDefaults, machines });
  kernel.register(ec2);
  kernel.register(new EbsService(kernel, snapshots, keys, encryptionDefaults));
  return kernel.start();
}

// biome-ignore lint/suspicious/noExplicitAny: the test reads whatever shape the operation answers.
const call = (service: string, operation: string, input: object): Promise<any> =>
  kernel.call(service, operation, input, administrator);

/** Tries again until `act` succeeds; what it waits for are real processes. */
async function eventually<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function artifact(server: string): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name: "server.cjs" }, server);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive.pipe(createGzip())) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Bakes a release volume as Kiln does: block by block, without an instance. */
async function bake(bytes: Buffer): Promise<{ SnapshotId: string; headerSha256: string }> {
  const layout = layOut({
    image: "0".repeat(64),
    start: `if [ -x ${ownRootPlaces.node} ]; then exec ${ownRootPlaces.node} server.cjs; else exec ${process.execPath} server.cjs; fi`,
    layers: [],
    artifact: { name: "1.0.0.tar.gz", bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") },
  });
  const header = encodeHeader(layout);
  const { SnapshotId } = await call("ebs", "StartSnapshot", { VolumeSize: 1, Encrypted: true });
  const padded = Buffer.alloc(Math.ceil(bytes.length / blockBytes) * blockBytes);
  bytes.copy(padded);
  const blocks = [
    header,
    ...Array.from({ length: padded.length / blockBytes }, (_, index) =>
      padded.subarray(index * blockBytes, (index + 1) * blockBytes),
    ),
  ];
  for (const [BlockIndex, BlockData] of blocks.entries()) {
    const Checksum = createHash("sha256").update(BlockData).digest("base64");
    const put = { SnapshotId, BlockIndex, BlockData, DataLength: blockBytes, Checksum, ChecksumAlgorithm: "SHA256" };
    await call("ebs", "PutSnapshotBlock", put);
  }
  await call("ebs", "CompleteSnapshot", { SnapshotId, ChangedBlocksCount: blocks.length });
  await eventually(async () => {
    const { Snapshots: found } = await call("ec2", "DescribeSnapshots", { SnapshotIds: [SnapshotId] });
    expect(found[0].State).toBe("completed");
  });
  return { SnapshotId, headerSha256: createHash("sha256").update(header).digest("hex") };
}

async function launch(SnapshotId: string, headerSha256: string): Promise<string> {
  const { Images } = await call("ec2", "DescribeImages", {
    Owners: ["amazon"],
    Filters: [
      { Name: "architecture", Values: ["x86_64"] },
      { Name: "name", Values: ["al2023*"] },
    ],
  });
  const userData = renderUserData({
    stage: "dev",
    service: "web",
    generation: "web-000001",
    port: 8080,
    headerSha256,
    stopSeconds: 5,
    environment: { GREETING: 'it\'s "here" $HOME' },
  });
  const { Instances } = await call("ec2", "RunInstances", {
    ImageId: Images[0].ImageId,
    InstanceType: "t3.small",
    MinCount: 1,
    MaxCount: 1,
    UserData: Buffer.from(userData).toString("base64"),
    BlockDeviceMappings: [{ DeviceName: "/dev/sdf", Ebs: { SnapshotId, DeleteOnTermination: true } }],
  });
  return Instances[0].InstanceId;
}

const server = `require("node:net").createServer((socket) => socket.end([process.env.KILN_GENERATION, process.env.GREETING, process.cwd()].join("|"))).listen(process.env.PORT, process.env.HOST ?? "0.0.0.0");`;

it("serves what was baked through the real boot script, and again after the cloud was restarted", async () => {
  await startCloud();
  const { SnapshotId, headerSha256 } = await bake(await artifact(server));
  const id = await launch(SnapshotId, headerSha256);
  const visit = () => eventually(async () => text(await ec2.connect(id, 8080)));
  expect(await visit()).toBe(
    `web-000001|it's "here" $HOME|${hasOwnRoot ? "" : join(directory, "instances", id, "root")}/opt/kiln/app`,
  );

  await kernel.stop();
  await startCloud();
  expect(await visit()).toContain("web-000001|");

  const damaged = await launch(SnapshotId, "f".repeat(64));
  await eventually(async () => {
    const { Output } = await call("ec2", "GetConsoleOutput", { InstanceId: damaged });
    expect(Buffer.from(Output, "base64").toString()).toContain("kiln: fatal: expected the release volume with header");
  });
  await expect(ec2.connect(damaged, 8080)).rejects.toMatchObject({ code: "ECONNREFUSED" });
});
