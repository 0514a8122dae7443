import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { archiveOf, noise, procfile, tarOf } from "../../scripts/fuzz/sample-archives.ts";
import { zipOf, zippedProcfile } from "../../scripts/fuzz/sample-zips.ts";
import type { Ended } from "./support/executions.ts";
import { until } from "./support/until.ts";
import type { SteadyLoad } from "./support/visitor.ts";
import { openWorld, type World } from "./support/world.ts";

let world: World;
let load: SteadyLoad;

beforeAll(async () => {
  world = await openWorld();
  const ended = await world.ended(await world.push("1.0.0"));
  expect(ended.status).toBe("SUCCEEDED");
  load = world.steadyLoad();
});
afterAll(async () => world?.close());

/** Pushes bytes under a key as any S3 client would, and waits for the end of the deploy that this starts. */
async function pushed(key: string, Body: Uint8Array): Promise<Ended> {
  const { s3, outputs, runs } = world.stage;
  const { VersionId = "" } = await s3.send(new PutObjectCommand({ Bucket: outputs.ArtifactsBucket, Key: key, Body }));
  const started = await until(`the deploy of ${key}`, () =>
    runs.startedByUpload(outputs.DeployMachine, key, VersionId),
  );
  return world.ended(started);
}

const program = Buffer.concat([Buffer.from("7f454c46", "hex"), Buffer.alloc(14), Buffer.from([243, 0]), noise(200)]);

describe("an upload that cannot be deployed", () => {
  it.each<[string, string, string, Buffer | Promise<Buffer>, RegExp]>([
    ["an empty file", "web/2.0.0.tgz", "ArtifactRefusedError", Buffer.alloc(0), /0 bytes/],
    ["a plain tar under .tar.gz", "web/2.0.1.tar.gz", "ArtifactRefusedError", tarOf(procfile), /plain tar archive/],
    [
      "an archive that was cut short",
      "web/2.0.2.tgz",
      "ArtifactRefusedError",
      archiveOf(procfile, [{ name: "x" }, noise(90_000)]).then((bytes) => bytes.subarray(0, 40_000)),
      /cut short/,
    ],
    [
      "an entry written through a link",
      "web/2.0.3.tgz",
      "ArtifactRefusedError",
      archiveOf([{ name: "d", type: "symlink", linkname: "e" }, ""], [{ name: "d/x" }, "x"]),
      /"d\/x": it would be written through the link "d"/,
    ],
    ["a bomb", "web/2.0.4.tgz", "ArtifactRefusedError", gzipBomb(), /200 times its size/],
    ["no start command", "web/2.0.5.tgz", "ArtifactRefusedError", archiveOf([{ name: "x" }, "x"]), /no Procfile/],
    [
      "a program for another processor",
      "web/2.0.6.tgz",
      "ArtifactRefusedError",
      archiveOf([{ name: "Procfile" }, "web: ./server\n"], [{ name: "server" }, program]),
      /starts server, which is built for ELF machine 243/,
    ],
    [
      "a zip that climbs out",
      "web/2.0.7.zip",
      "ArtifactRefusedError",
      zipOf([zippedProcfile, { name: "../x", content: "x" }]),
      /entry "\.\.\/x": its path leaves the archive/,
    ],
    [
      "a zip whose headers disagree",
      "web/2.0.8.zip",
      "ArtifactRefusedError",
      zipOf([{ ...zippedProcfile, local: { name: "Procfilf" } }]),
      /its own header and the archive's directory say different names/,
    ],
    ["a key with another ending", "web/2.0.9.rar", "ArtifactKeyError", Buffer.from("Rar!"), /nor \.zip/],
    ["an unknown service", "nobody/1.0.0.tgz", "UnknownServiceError", archiveOf(procfile), /Apply its spec first/],
  ])(
    "ends FailedClean with the reason, before anything exists on AWS: %s",
    async (_title, key, error, bytes, cause) => {
      const before = await world.inventory();
      const ended = await pushed(key, await bytes);
      expect(ended).toMatchObject({ status: "FAILED", error, cause: expect.stringMatching(cause) });
      expect(ended.path).toEqual(["Admit", "FailedClean"]);
      expect((await world.inventory()).holdings).toEqual(before.holdings);
      expect(await world.stage.ledger.head("web")).toMatchObject({ pending: null, live: { generation: "web-000001" } });
    },
  );

  it("is found among the service's refusals, newest first", async () => {
    const refusals = await world.stage.ledger.refusals("web", 20);
    expect(refusals.map(({ key }) => key)).toHaveLength(10);
    expect(refusals[0]).toMatchObject({ key: "web/2.0.9.rar", error: "ArtifactKeyError" });
    expect(await world.stage.ledger.services()).toEqual(["web"]);
  });

  it("does not keep the next good one from going live, nor did it ever disturb the live one", async () => {
    const counts = await load.stop();
    expect(counts.requests).toBeGreaterThan(100);
    expect(counts.failed).toBe(0);
    expect((await world.ended(await world.push("1.1.0"))).status).toBe("SUCCEEDED");
    await world.answers("1.1.0");
  });
});

describe("an artifact that is deleted for good while its deploy waits", () => {
  it("fails that deploy by name and leaves nothing of it, and live is what it was", async () => {
    // The second deploy freezes its release, then waits for the lease of the first: until then it has baked nothing.
    const first = await world.push("1.2.0");
    const second = await world.push("1.3.0");
    const release = await until("the second release", () => world.stage.ledger.release("web", "web-000004"));
    const { key: Key, versionId: VersionId } = release.artifact;
    await world.stage.s3.send(new DeleteObjectCommand({ Bucket: world.stage.outputs.ArtifactsBucket, Key, VersionId }));

    expect((await world.ended(first)).status).toBe("SUCCEEDED");
    const ended = await world.ended(second);
    expect(ended).toMatchObject({ status: "FAILED", error: "ArtifactMissingError" });
    expect(ended.path.slice(-5)).toEqual([
      "BakeImage",
      "RestoreTraffic",
      "ReapCandidate",
      "SettleFailure",
      "FailedClean",
    ]);
    expect((await world.inventory()).generations()).not.toContain("web-000004");
    expect((await world.stage.ledger.lease("web"))?.owner).toBeNull();
    await world.answers("1.2.0");
  });
});

function gzipBomb(): Promise<Buffer> {
  return archiveOf(procfile, [{ name: "zeros" }, Buffer.alloc(80 * 1024 * 1024)]);
}
