import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { AbortMultipartUploadCommand, CreateMultipartUploadCommand, UploadPartCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packDirectory } from "../../cli/archive.ts";
import { sendArtifact } from "../../cli/commands/push.ts";
import { projectDirectory } from "../../cli/kiln-directory.ts";
import { outputTo } from "../../cli/output.ts";
import { endingOf } from "../../scripts/child-ending.ts";
import { AwsCli, settingsFor } from "./support/aws-cli.ts";
import { installedProgram } from "./support/installed-program.ts";
import { StallingLine } from "./support/stalling-line.ts";
import { until } from "./support/until.ts";
import { examples } from "./support/visitor.ts";
import { openWorld, type World } from "./support/world.ts";

let world: World;
let aws: AwsCli;
/** The one artifact that every client pushes: larger than what they send in one piece. */
let artifact: string;
let sha256: string;
let bucket: string;

beforeAll(async () => {
  world = await openWorld();
  aws = new AwsCli(world.embedded.cloud.endpoint);
  bucket = world.stage.outputs.ArtifactsBucket;
  const directory = join(world.directory, "program");
  await cp(examples.web, directory, { recursive: true });
  await writeFile(join(directory, "data"), randomBytes(12 * 1024 * 1024));
  artifact = join(world.directory, "app.tgz");
  ({ sha256 } = await packDirectory(directory, artifact, {
    exclude: ["kiln.yaml"],
    replace: { VERSION: "1.0.0\n" },
  }));
});

afterAll(() => world?.close());

interface Uploading {
  "detail-type": string;
  detail: { reason: string; object: { key: string; size: number } };
}

/** The deploy that an object under a key starts, once it has ended, and the event that started it. */
async function deployOf(key: string) {
  const head = await aws.json<{ VersionId: string }>("s3api", "head-object", "--bucket", bucket, "--key", key);
  const started = () => world.stage.runs.startedByUpload(world.stage.outputs.DeployMachine, key, head.VersionId);
  const execution = await until(`the deploy of ${key}`, started);
  const ended = await world.ended(execution);
  const { input } = await aws.json<{ input: string }>(
    ...["stepfunctions", "describe-execution", "--execution-arn", execution],
  );
  return { ended, event: JSON.parse(input) as Uploading };
}

/** That the bytes under a key were found to be the release that is live, whoever pushed them and however. */
async function expectSameRelease(key: string, reason: string): Promise<void> {
  const { ended, event } = await deployOf(key);
  expect(event.detail.reason).toBe(reason);
  expect(event.detail.object.key).toBe(key);
  expect(ended.path).toEqual(["Admit", "Skipped"]);
  expect(ended.output).toMatchObject({ reason: "unchanged: web-000001 is the same release" });
  expect((await world.stage.ledger.head("web")).live?.generation).toBe("web-000001");
}

/** The kiln command as a process of its own, with nothing remembered but what an earlier one of it left. */
function kilnPush(endpoint: string, version: string): ChildProcess {
  const args = ["push", artifact, "--service", "web", "--version", version, "--no-wait"];
  return spawn(process.execPath, [join(projectDirectory, "cli", "main.ts"), ...args], {
    cwd: world.directory,
    env: { ...process.env, AWS_ENDPOINT_URL: endpoint, KILN_HOME: join(world.directory, "pusher") },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Numbers of the parts that S3 has of the upload under a key that is not completed yet. */
async function partsUnder(key: string): Promise<number[]> {
  const target = ["--bucket", bucket, "--key", key];
  const { Uploads = [] } =
    (await aws.json<{ Uploads?: { Key: string; UploadId: string }[] } | undefined>(
      ...["s3api", "list-multipart-uploads", "--bucket", bucket],
    )) ?? {};
  const id = Uploads.find(({ Key }) => Key === key)?.UploadId;
  if (id === undefined) return [];
  const { Parts = [] } = await aws.json<{ Parts?: { PartNumber: number }[] }>(
    ...["s3api", "list-parts", ...target, "--upload-id", id],
  );
  return Parts.map(({ PartNumber }) => PartNumber);
}

async function python(...args: string[]): Promise<string> {
  const script = join(import.meta.dirname, "support", "boto3-push.py");
  const env = settingsFor(world.embedded.cloud.endpoint);
  return (await promisify(execFile)(installedProgram("python3"), [script, ...args], { env })).stdout.trim();
}

describe("one artifact, whoever pushes it", () => {
  it("is live with the digest of its bytes after kiln push", async () => {
    const prepared = { file: artifact, key: "web/1.0.0.tgz", service: "web", version: "1.0.0", packed: false };
    const output = outputTo({ stdout: { write() {} }, stderr: { write() {} } }, false);
    await sendArtifact(world.stage, prepared, output);
    const { ended, event } = await deployOf("web/1.0.0.tgz");

    expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
    expect(event.detail.reason).toBe("CompleteMultipartUpload");
    const release = await world.stage.ledger.release("web", "web-000001");
    expect(release?.artifact.sha256).toBe(sha256);
    await world.answers("1.0.0");
  });

  it("is the same release from a kiln push that was killed on its way, and goes on with what had arrived", async () => {
    const { endpoint } = world.embedded.cloud;
    // The first part is too large for this line, the last one is not.
    const line = await StallingLine.to(endpoint, 6 * 1024 * 1024);
    const cutOff = kilnPush(line.endpoint, "killed");
    const ending = endingOf(cutOff);
    const arrived = () => partsUnder("web/killed.tgz");
    expect(await until("the part that fits to arrive", async () => (await arrived()).length > 0 && arrived())).toEqual([
      2,
    ]);
    cutOff.kill("SIGKILL");
    await ending;
    await line.close();

    const { code, stderr } = await endingOf(kilnPush(endpoint, "killed"));
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/pushed {2}web\/killed\.tgz .* of it by an earlier push that was cut off/);
    await expectSameRelease("web/killed.tgz", "CompleteMultipartUpload");
  });

  it("is the same release from the AWS CLI, which sends it in parts", async () => {
    await aws.text("s3", "cp", "--only-show-errors", artifact, `s3://${bucket}/web/cli.tgz`);
    await expectSameRelease("web/cli.tgz", "CompleteMultipartUpload");
  });

  it("is the same release from the AWS CLI in one piece, compared with its SHA-256", async () => {
    const target = ["--bucket", bucket, "--key", "web/piece.tgz", "--body", artifact];
    const put = await aws.json<{ ChecksumSHA256: string }>(
      ...["s3api", "put-object", ...target, "--checksum-algorithm", "SHA256"],
    );
    expect(Buffer.from(put.ChecksumSHA256, "base64").toString("hex")).toBe(sha256);
    await expectSameRelease("web/piece.tgz", "PutObject");
  });

  it("is the same release from boto3", async () => {
    await python("upload", bucket, "web/boto3.tgz", artifact);
    await expectSameRelease("web/boto3.tgz", "CompleteMultipartUpload");
  });

  it("is the same release through a pre-signed URL, without any credentials", async () => {
    const url = await python("presign", bucket, "web/presigned.tgz", "300");
    const answer = await fetch(url, { method: "PUT", body: await readFile(artifact) });
    expect(answer.status).toBe(200);
    await expectSameRelease("web/presigned.tgz", "PutObject");
  });

  it("is the same release copied from another bucket, in one call and in parts", async () => {
    await aws.text("s3", "mb", "s3://workshop");
    await aws.text("s3", "cp", "--only-show-errors", artifact, "s3://workshop/built/app.tgz");
    const source = ["--copy-source", "workshop/built/app.tgz"];
    await aws.text("s3api", "copy-object", ...source, "--bucket", bucket, "--key", "web/copied.tgz");
    await expectSameRelease("web/copied.tgz", "CopyObject");

    await aws.text("s3", "cp", "--only-show-errors", "s3://workshop/built/app.tgz", `s3://${bucket}/web/parts.tgz`);
    await expectSameRelease("web/parts.tgz", "CompleteMultipartUpload");
  });

  it("was admitted from the same bytes each time: the ledger holds one artifact and one release", async () => {
    const ledger = world.stage.outputs.LedgerBucket;
    const listed = await aws.json<{ Contents: { Key: string }[] }>(
      ...["s3api", "list-objects-v2", "--bucket", ledger, "--prefix", "parts/"],
    );
    expect(listed.Contents.map(({ Key }) => Key)).toContain(`parts/${sha256}.blocks`);
    // The other is the layer.
    expect(listed.Contents).toHaveLength(2);
    expect(await world.stage.ledger.generations("web")).toEqual(["web-000001"]);
  });
});

describe("what is no upload", () => {
  it("starts nothing and is seen by nobody while its parts are not put together", async () => {
    const target = { Bucket: bucket, Key: "web/unfinished.tgz" };
    const { UploadId } = await world.stage.s3.send(
      new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm: "CRC32" }),
    );
    await world.stage.s3.send(
      new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: await readFile(artifact) }),
    );
    await world.stage.s3.send(new AbortMultipartUploadCommand({ ...target, UploadId }));
    const listed = await aws.json<{ Contents: { Key: string }[] }>("s3api", "list-objects-v2", "--bucket", bucket);
    expect(listed.Contents.map(({ Key }) => Key)).not.toContain(target.Key);
    expect((await aws.try("s3api", "head-object", "--bucket", bucket, "--key", target.Key)).stderr).toContain("404");
  });

  it("is a pre-signed URL that has expired, or that was signed for another key", async () => {
    const expired = await python("presign", "workshop", "late.tgz", "1");
    const other = (await python("presign", bucket, "web/right.tgz", "300")).replace("right", "wrong");
    await until("the URL to expire", async () => (await put(expired)).includes("Request has expired"));
    expect(await put(other)).toContain("SignatureDoesNotMatch");
    const listed = await aws.json<{ Contents: { Key: string }[] }>("s3api", "list-objects-v2", "--bucket", bucket);
    expect(listed.Contents.map(({ Key }) => Key)).not.toContain("web/wrong.tgz");
  });

  async function put(url: string): Promise<string> {
    return (await fetch(url, { method: "PUT", body: "clay" })).text();
  }

  it("is a body that arrives otherwise than its sender's checksum says", async () => {
    const wrong = createHash("sha256").update("something else").digest("base64");
    const body = join(examples.web, "Procfile");
    const target = ["--bucket", bucket, "--key", "web/garbled.tgz", "--body", body];
    const { stderr } = await aws.try("s3api", "put-object", ...target, "--checksum-sha256", wrong);
    expect(stderr).toContain("BadDigest");
  });
});
