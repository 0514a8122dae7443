import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { inspectArchive } from "../../shared/archive-inspection.ts";
import { elfArchitecture, readProcfile } from "../../shared/domain/archive-rules.ts";

type Header = Parameters<ReturnType<typeof pack>["entry"]>[0];
type Entry = [Header, string | Buffer];

async function archive(...entries: Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const [header, body] of entries) tar.entry(header, body);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}

async function* inChunks(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

const inspect = (bytes: Uint8Array) => inspectArchive(inChunks(bytes), "web/1.tgz");
const procfile: Entry = [{ name: "Procfile" }, "web: node server.js\n"];

describe("reading an archive", () => {
  it("finds digests, sizes and the Procfile in one pass", async () => {
    const bytes = await archive(procfile, [{ name: "./server.js" }, "x".repeat(5000)]);
    const found = await inspect(bytes);
    expect(found.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(found).toMatchObject({ bytes: bytes.length, unpackedBytes: 5020, procfile: "web: node server.js\n" });
  });

  it("digests every block of 512 KiB, the last one padded with zeros", async () => {
    const noise = createHash("shake256", { outputLength: 700_000 }).update("seed").digest();
    const bytes = await archive([{ name: "data" }, noise]);
    const { blockDigests } = await inspect(bytes);
    const padded = Buffer.concat([bytes, Buffer.alloc(2 * 524_288 - bytes.length)]);
    const expected = [padded.subarray(0, 524_288), padded.subarray(524_288)].map((block) =>
      createHash("sha256").update(block).digest(),
    );
    expect(Buffer.from(blockDigests)).toEqual(Buffer.concat(expected));
  });

  it.each<[string, Header, RegExp]>([
    [
      "a path that leaves the archive",
      { name: "a/../../etc/passwd" },
      /a\/\.\.\/\.\.\/etc\/passwd.*leaves the archive/,
    ],
    ["an absolute path", { name: "/etc/passwd" }, /absolute/],
    ["a symbolic link out of the tree", { name: "a/link", type: "symlink", linkname: "../../etc" }, /links out/],
    ["an absolute symbolic link", { name: "link", type: "symlink", linkname: "/etc" }, /links out/],
    ["a hard link out of the tree", { name: "link", type: "link", linkname: "../x" }, /links out/],
    ["a device", { name: "null", type: "character-device" }, /device/],
    ["a setuid program", { name: "su", mode: 0o4755 }, /setuid/],
  ])("refuses %s and names the entry", async (_title, header, message) => {
    const body = header.type && header.type !== "file" ? "" : "x";
    await expect(inspect(await archive(procfile, [header, body]))).rejects.toThrow(message);
  });

  it("accepts a link that stays inside", async () => {
    const bytes = await archive([{ name: "a/b/link", type: "symlink", linkname: "../c" }, ""], procfile);
    await expect(inspect(bytes)).resolves.toMatchObject({ bytes: bytes.length });
  });

  it("refuses a bomb before it has unpacked it all", async () => {
    const bytes = await archive([{ name: "zeros" }, Buffer.alloc(80 * 1024 * 1024)]);
    await expect(inspect(bytes)).rejects.toThrow(/200 times its size/);
  });

  it.each([
    ["an empty file", Buffer.alloc(0)],
    ["a text file", Buffer.from("hello, I am no archive")],
  ])("refuses %s", async (_title, bytes) => {
    await expect(inspect(bytes)).rejects.toMatchObject({ name: "ArtifactRefusedError" });
  });

  it("refuses an archive that was cut short", async () => {
    const bytes = await archive(procfile, [
      { name: "x" },
      createHash("shake256", { outputLength: 90_000 }).update("s").digest(),
    ]);
    await expect(inspect(bytes.subarray(0, 40_000))).rejects.toMatchObject({ name: "ArtifactRefusedError" });
  });

  it("refuses one flipped bit", async () => {
    const bytes = await archive(procfile, [{ name: "x" }, "y".repeat(3000)]);
    bytes[bytes.length - 6] = (bytes[bytes.length - 6] ?? 0) ^ 1;
    await expect(inspect(bytes)).rejects.toMatchObject({ name: "ArtifactRefusedError" });
  });
});

describe("a Procfile", () => {
  it("says how to start", () => {
    expect(readProcfile("# comment\nweb: node server.js --x=1\n")).toEqual({ start: "node server.js --x=1" });
  });

  it.each([
    ["worker: node jobs.js\nweb: node server.js", /worker/],
    ["web: a\nweb: b", /more than one/],
    ["", /no web: line/],
    ["node server.js", /is not/],
  ])("refuses %j", (text, reason) => {
    expect(readProcfile(text)).toMatchObject({ refused: expect.stringMatching(reason) });
  });
});

describe("the architecture of a program", () => {
  const elf = (machine: number) =>
    Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46]), Buffer.alloc(14), Buffer.from([machine, 0])]);

  it("is read from its ELF header", () => {
    expect(elfArchitecture(elf(62))).toBe("x86_64");
    expect(elfArchitecture(elf(183))).toBe("arm64");
    expect(elfArchitecture(elf(8))).toBe("ELF machine 8");
    expect(elfArchitecture(Buffer.from("#!/bin/sh\necho hello world"))).toBeUndefined();
  });
});
