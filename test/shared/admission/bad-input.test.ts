import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { archiveOf, noise, procfile } from "../../../scripts/fuzz/sample-archives.ts";
import { admitDeploy } from "../../../shared/admission/deploy.ts";
import { frontDoor } from "./front-door.ts";

const elf = (machine: number) =>
  Buffer.concat([Buffer.from("7f454c46", "hex"), Buffer.alloc(14), Buffer.from([machine, 0]), noise(100)]);

describe("a good artifact", () => {
  it("becomes a frozen release, and no refusal is written", async () => {
    const { world, apply, push, asked } = await frontDoor();
    await apply();
    const event = await push("web/1.0.0.tgz", await archiveOf(procfile));
    await expect(admitDeploy(asked(event), world)).resolves.toMatchObject({ status: "ready" });
    expect(await world.ledger.release("web", "web-000001")).toMatchObject({ start: "node server.js" });
    expect(await world.ledger.refusals("web", 5)).toEqual([]);
  });

  it("keeps its exact version when another one is pushed over it, before and after admission", async () => {
    const { world, apply, push, asked } = await frontDoor();
    await apply();
    const first = await push("web/1.0.0.tgz", await archiveOf(procfile));
    const second = await push("web/1.0.0.tgz", await archiveOf([{ name: "Procfile" }, "web: ./other\n"]));
    await admitDeploy(asked(first), world);
    const release = await world.ledger.release("web", "web-000001");
    expect(release).toMatchObject({
      start: "node server.js",
      artifact: { versionId: first.detail.object["version-id"] },
    });
    expect(release?.artifact.versionId).not.toBe(second.detail.object["version-id"]);
  });

  it("may start a program that is built for the servers, and use layers pushed under either ending", async () => {
    const { world, apply, push, asked } = await frontDoor();
    await push("layers/one.tgz", await archiveOf([{ name: "bin/tool" }, elf(62)]));
    await push("layers/two.tar.gz", await archiveOf([{ name: "A/x" }, "1"], [{ name: "a/x" }, "2"]));
    await apply({ layers: ["one", "two"], command: "exec ./server --port $PORT" });
    const event = await push("web/1.tgz", await archiveOf([{ name: "server" }, elf(62)]));
    await expect(admitDeploy(asked(event), world)).resolves.toMatchObject({ status: "ready" });
    const release = await world.ledger.release("web", "web-000001");
    expect(release?.layers.map(({ name, platforms }) => [name, platforms])).toEqual([
      ["one", ["x86_64"]],
      ["two", []],
    ]);
  });
});

describe("an artifact that is refused", () => {
  it.each<[string, object, Buffer | Promise<Buffer>, RegExp]>([
    [
      "nothing says how to start it",
      {},
      archiveOf([{ name: "x" }, "x"]),
      /no Procfile at its top and the spec has no command/,
    ],
    [
      "a directory was packed instead of what is in it",
      {},
      archiveOf([{ name: "app/Procfile" }, "web: ./x\n"]),
      /There is a "app\/Procfile": pack what is in the directory/,
    ],
    ["it wants a worker", {}, archiveOf([{ name: "Procfile" }, "worker: node jobs.js\n"]), /"worker"/],
    [
      "its program is for another processor",
      { command: "./server" },
      archiveOf([{ name: "server" }, elf(183)]),
      /starts server, which is built for arm64; the service runs on x86_64/,
    ],
    [
      "its program is for a Mac",
      { command: "./server" },
      archiveOf([{ name: "server" }, Buffer.from("cffaedfe0700", "hex")]),
      /built for macOS/,
    ],
    ["it is text", {}, Buffer.from("<html>not found</html>"), /it is text/],
    ["it links out", {}, archiveOf([{ name: "l", type: "symlink", linkname: "/etc" }, ""]), /"l": it links out/],
    ["it was cut short", {}, gzipSync(noise(2000)).subarray(0, 900), /cut short|no sound tar/],
    [
      "its start command holds a secret",
      {},
      archiveOf([{ name: "Procfile" }, "web: ./x postgres://a:b@c/d\n"]),
      /a URL with a password/,
    ],
  ])("says so when %s, freezes nothing, and leaves a record", async (_title, spec, bytes, message) => {
    const { world, apply, push, asked } = await frontDoor();
    await apply(spec);
    const event = await push("web/1.0.0.tgz", await bytes);
    const refused = admitDeploy(asked(event), world);
    await expect(refused).rejects.toMatchObject({
      name: "ArtifactRefusedError",
      message: expect.stringMatching(message),
    });
    expect(await world.ledger.generations("web")).toEqual([]);
    expect(await world.ledger.head("web")).toMatchObject({ pending: null });
    expect(await world.ledger.lease("web")).toBeUndefined();
    expect(await world.ledger.refusals("web", 5)).toEqual([
      {
        at: event.time,
        error: "ArtifactRefusedError",
        message: expect.stringMatching(message),
        execution: asked(event).execution,
        key: "web/1.0.0.tgz",
        versionId: event.detail.object["version-id"],
      },
    ]);
  });

  it("leaves one record however often its admission is tried", async () => {
    const { world, apply, push, asked } = await frontDoor();
    await apply();
    const event = await push("web/1.0.0.tgz", Buffer.alloc(0));
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(admitDeploy(asked(event), world)).rejects.toThrow(/0 bytes/);
    }
    expect(await world.ledger.refusals("web", 5)).toHaveLength(1);
  });
});

describe("an artifact over the size limit", () => {
  it("is refused by what S3 says of it, without being read", async () => {
    const { world, apply, push, asked } = await frontDoor();
    await apply();
    const event = await push("web/1.tgz", Buffer.from("not read"));
    const { find } = world.artifacts;
    world.artifacts.find = async (...asked) => ({
      ...(await find.apply(world.artifacts, asked)),
      bytes: 4_294_967_297,
    });
    world.artifacts.read = () => Promise.reject(new Error("it was read"));
    await expect(admitDeploy(asked(event), world)).rejects.toMatchObject({
      name: "ArtifactRefusedError",
      message: expect.stringMatching(/web\/1\.tgz has 4294967297 bytes, more than 4294967296/),
    });
  });
});

describe("layers", () => {
  it("that were never pushed are all named", async () => {
    const { world, apply, push, asked } = await frontDoor();
    await apply({ layers: ["one", "two"] });
    const event = await push("web/1.tgz", await archiveOf(procfile));
    await expect(admitDeploy(asked(event), world)).rejects.toMatchObject({
      name: "LayerRefusedError",
      message: expect.stringContaining("one and two"),
    });
    expect(await world.ledger.refusals("web", 5)).toMatchObject([{ error: "LayerRefusedError" }]);
  });

  it("that are built for other processors are refused", async () => {
    const { world, apply, push, asked } = await frontDoor();
    await push("layers/node-24.tgz", await archiveOf([{ name: "bin/node" }, elf(183)]));
    await apply({ layers: ["node-24"] });
    const event = await push("web/1.tgz", await archiveOf(procfile));
    const message = expect.stringContaining("layer node-24 are built for arm64; the service runs on x86_64");
    await expect(admitDeploy(asked(event), world)).rejects.toMatchObject({ name: "LayerRefusedError", message });
  });
});

describe("what is not there", () => {
  it("is an artifact version that was deleted before it was read", async () => {
    const { world, apply, push, asked, kernel } = await frontDoor();
    await apply();
    const event = await push("web/1.tgz", await archiveOf(procfile));
    const { key: Key, "version-id": VersionId } = event.detail.object;
    const person = {
      kind: "user",
      arn: "arn:aws:iam::123456789012:user/a",
      accountId: "123456789012",
      name: "a",
    } as const;
    await kernel.call("s3", "DeleteObject", { Bucket: "artifacts", Key, VersionId }, person);
    await expect(admitDeploy(asked(event), world)).rejects.toMatchObject({ name: "ArtifactMissingError" });
  });

  it("is a service without a spec, under which nothing is written either", async () => {
    const { world, push, asked } = await frontDoor();
    const event = await push("web/1.tgz", await archiveOf(procfile));
    await expect(admitDeploy(asked(event), world)).rejects.toMatchObject({ name: "UnknownServiceError" });
    expect(await world.ledger.services()).toEqual([]);
  });
});

describe("a request that is refused", () => {
  it.each<[string, unknown, string, RegExp]>([
    ["a typing mistake", { service: "web", verison: "1" }, "ManualInputError", /verison/],
    ["a version that was never pushed", { service: "web", version: "9.9" }, "ArtifactMissingError", /"9\.9"/],
  ])("for %s leaves a record under the service it names", async (_title, input, error, message) => {
    const { world, apply, asked } = await frontDoor();
    await apply();
    await expect(admitDeploy(asked(input), world)).rejects.toMatchObject({ name: error });
    expect(await world.ledger.refusals("web", 5)).toMatchObject([{ error, message: expect.stringMatching(message) }]);
  });

  it("for a key outside the layout leaves a record under the service that the key begins with", async () => {
    const { world, apply, push, asked } = await frontDoor();
    await apply();
    const event = await push("web/1.0.0.rar", Buffer.from("Rar!"));
    await expect(admitDeploy(asked(event), world)).rejects.toMatchObject({
      name: "ArtifactKeyError",
      message: expect.stringMatching(/web\/1\.0\.0\.rar.*neither \.tar\.gz, \.tgz nor \.zip/),
    });
    expect(await world.ledger.refusals("web", 5)).toMatchObject([{ key: "web/1.0.0.rar" }]);
  });

  it("shows the newest first, and no more than asked for", async () => {
    const { world, apply, push, asked } = await frontDoor();
    await apply();
    for (const day of ["01", "02", "03"]) {
      const event = { ...(await push(`web/${day}.tgz`, Buffer.alloc(0))), time: `2026-01-${day}T00:00:00Z` };
      await expect(admitDeploy(asked(event), world)).rejects.toThrow();
    }
    expect((await world.ledger.refusals("web", 2)).map(({ key }) => key)).toEqual(["web/03.tgz", "web/02.tgz"]);
  });
});
