import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  archiveOf,
  type Entry,
  type Header,
  inChunks,
  noise,
  paxRecord,
  procfile,
  rawEntry,
  tarOf,
} from "../../scripts/fuzz/sample-archives.ts";
import { type InspectionOptions, inspectArchive } from "../../shared/archive-inspection.ts";

const inspect = (bytes: Uint8Array, caseCollisions: InspectionOptions["caseCollisions"] = "refuse") =>
  inspectArchive(inChunks(bytes), { name: "web/1.tgz", caseCollisions });

async function refusal(bytes: Uint8Array): Promise<Error> {
  const error = await inspect(bytes).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Error) return error;
  throw new Error("it was accepted");
}

describe("reading an archive", () => {
  it("finds digests, sizes and the Procfile in one pass", async () => {
    const bytes = await archiveOf(procfile, [{ name: "./server.js" }, "x".repeat(5000)]);
    const found = await inspect(bytes);
    expect(found.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(found).toMatchObject({ bytes: bytes.length, unpackedBytes: 5020, procfile: "web: node server.js\n" });
  });

  it("digests every block of 512 KiB, the last one padded with zeros", async () => {
    const bytes = await archiveOf([{ name: "data" }, noise(700_000)]);
    const { blockDigests } = await inspect(bytes);
    const padded = Buffer.concat([bytes, Buffer.alloc(2 * 524_288 - bytes.length)]);
    const expected = [padded.subarray(0, 524_288), padded.subarray(524_288)].map((block) =>
      createHash("sha256").update(block).digest(),
    );
    expect(Buffer.from(blockDigests)).toEqual(Buffer.concat(expected));
  });

  it("remembers what each program is built for", async () => {
    const elf = Buffer.concat([Buffer.from("7f454c46", "hex"), Buffer.alloc(14), Buffer.from([183, 0])]);
    const mac = Buffer.concat([Buffer.from("cffaedfe", "hex"), Buffer.alloc(40)]);
    const found = await inspect(await archiveOf([{ name: "bin/a" }, elf], [{ name: "./bin/b" }, mac], procfile));
    expect([...found.programs]).toEqual([
      ["bin/a", "arm64"],
      ["bin/b", "macOS"],
    ]);
  });

  it("reads names longer than a header, and comments for all entries, as git archive writes them", async () => {
    const long = `${"directory/".repeat(30)}file`;
    const tar = Buffer.concat([
      rawEntry("pax_global_header", "g", paxRecord("comment", "0123456789abcdef")),
      await tarOf([{ name: long }, "x"], procfile),
    ]);
    await expect(inspect(gzipSync(tar))).resolves.toMatchObject({ procfile: "web: node server.js\n" });
  });

  it("accepts a link that stays inside, a directory named twice, and a hard link to an earlier file", async () => {
    const bytes = await archiveOf(
      [{ name: "a/", type: "directory" }, ""],
      [{ name: "a/b/link", type: "symlink", linkname: "../c" }, ""],
      [{ name: "a", type: "directory" }, ""],
      [{ name: "file" }, "x"],
      [{ name: "same", type: "link", linkname: "file" }, ""],
    );
    await expect(inspect(bytes)).resolves.toMatchObject({ bytes: bytes.length, unpackedBytes: 1 });
  });
});

describe("an entry", () => {
  it.each<[string, Header, RegExp]>([
    [
      "a path that leaves the archive",
      { name: "a/../../etc/passwd" },
      /a\/\.\.\/\.\.\/etc\/passwd.*leaves the archive/,
    ],
    ['a path with ".."', { name: "a/../b" }, /contains "\.\."/],
    ["an absolute path", { name: "/etc/passwd" }, /absolute/],
    ["a control character", { name: "a\nb" }, /control character/],
    ["a name longer than a file system takes", { name: "n".repeat(256) }, /longer than 255 bytes/],
    ["a path of too many directories", { name: `${"d/".repeat(101)}f` }, /more than 100 directories deep/],
    ["a symbolic link out of the tree", { name: "a/link", type: "symlink", linkname: "../../etc" }, /links out/],
    ["an absolute symbolic link", { name: "link", type: "symlink", linkname: "/etc" }, /links out.*\/etc/],
    ["a link that goes down and up again", { name: "l", type: "symlink", linkname: "d/../x" }, /down and up/],
    ["a hard link out of the tree", { name: "link", type: "link", linkname: "../x" }, /links out/],
    ["a hard link to nothing", { name: "link", type: "link", linkname: "later" }, /no file that stands before it/],
    ["a character device", { name: "null", type: "character-device" }, /device/],
    ["a block device", { name: "sda", type: "block-device" }, /device/],
    ["a pipe", { name: "pipe", type: "fifo" }, /pipe/],
    ["a setuid program", { name: "su", mode: 0o4755 }, /setuid/],
    ["a setgid program", { name: "sg", mode: 0o2755 }, /setgid/],
  ])("is refused as %s, by name", async (_title, header, message) => {
    const body = header.type && header.type !== "file" ? "" : "x";
    const error = await refusal(await archiveOf(procfile, [header, body]));
    expect(error.name).toBe("ArtifactRefusedError");
    expect(error.message).toMatch(message);
    expect(error.message).toContain("web/1.tgz is refused: entry ");
  });

  it.each<[string, Entry[], RegExp]>([
    [
      "a path twice",
      [
        [{ name: "f" }, "1"],
        [{ name: "./f" }, "2"],
      ],
      /entry "\.\/f": .*twice/,
    ],
    [
      "a case collision",
      [
        [{ name: "Readme" }, "1"],
        [{ name: "README" }, "2"],
      ],
      /"README" differs.*upper and lower/,
    ],
    [
      "directories that collide",
      [
        [{ name: "A/x" }, "1"],
        [{ name: "a/y" }, "2"],
      ],
      /"a" differs.*upper and lower/,
    ],
    [
      "an entry written through a link",
      [
        [{ name: "d", type: "symlink", linkname: "e" }, ""],
        [{ name: "d/x/y" }, "2"],
      ],
      /entry "d\/x\/y": it would be written through the link "d"/,
    ],
    [
      "an entry below a file",
      [
        [{ name: "f" }, "1"],
        [{ name: "f/x" }, "2"],
      ],
      /below "f", which is a file/,
    ],
    [
      "a link in a directory's place",
      [
        [{ name: "d/x" }, "1"],
        [{ name: "d", type: "symlink", linkname: "e" }, ""],
      ],
      /entry "d": .*twice/,
    ],
  ])("is refused for what stands before it: %s", async (_title, entries, message) => {
    await expect(inspect(await archiveOf(...entries))).rejects.toThrow(message);
  });

  it("may collide in case where that is accepted, as in a layer", async () => {
    const bytes = await archiveOf([{ name: "A/x" }, "1"], [{ name: "a/x" }, "2"]);
    await expect(inspect(bytes, "accept")).resolves.toMatchObject({ unpackedBytes: 2 });
  });
});

describe("what programs would unpack in different ways is refused", () => {
  const end = Buffer.alloc(1024);
  it.each<[string, Buffer[], RegExp]>([
    ["a sparse file", [rawEntry("f", "S", "x")], /special file/],
    ["a type that nobody knows", [rawEntry("f", "Z")], /special file/],
    ["a directory with content", [rawEntry("d/", "5", "x")], /claims to have content/],
    [
      "a path for all entries",
      [rawEntry("g", "g", paxRecord("path", "../x")), rawEntry("f", "0")],
      /global header sets path/,
    ],
    [
      "a sparse file of POSIX",
      [rawEntry("x", "x", paxRecord("GNU.sparse.realsize", "9")), rawEntry("f", "0")],
      /GNU\.sparse/,
    ],
    [
      "two names for one entry",
      [rawEntry("L", "L", "long\0"), rawEntry("x", "x", paxRecord("path", "p")), rawEntry("f", "0")],
      /named twice/,
    ],
    [
      "an extended header without an entry",
      [rawEntry("x", "x", paxRecord("path", "p"))],
      /ends after an extended header/,
    ],
    [
      "a malformed extended header",
      [rawEntry("x", "x", "999 path=x\n"), rawEntry("f", "0")],
      /extended header is malformed/,
    ],
    ["a header of before ustar", [rawEntry("f", "0", "x", "\0\0\0\0\0\0\0\0")], /older than ustar/],
    [
      "an archive behind the end of another",
      [rawEntry("f", "0"), end, rawEntry("g", "0")],
      /something follows its end/,
    ],
  ])("%s", async (_title, blocks, message) => {
    const error = await refusal(gzipSync(Buffer.concat([...blocks, end])));
    expect(error).toMatchObject({ name: "ArtifactRefusedError", message: expect.stringMatching(message) });
  });

  it.each([
    ["garbage", Buffer.from("PK and more"), /damaged/],
    ["zeros", Buffer.alloc(20), /20 bytes follow its end/],
  ])("%s behind the compressed data", async (_title, tail, message) => {
    expect((await refusal(Buffer.concat([await archiveOf(procfile), tail]))).message).toMatch(message);
  });
});

describe("a bomb", () => {
  it("by ratio is refused before it is unpacked to its end", async () => {
    const bytes = await archiveOf([{ name: "zeros" }, Buffer.alloc(80 * 1024 * 1024)]);
    await expect(inspect(bytes)).rejects.toThrow(/200 times its size/);
  });

  it("by a claimed size is refused at its end, which comes too early", async () => {
    const header = rawEntry("huge", "x", paxRecord("size", "99999999999999"));
    const bytes = gzipSync(Buffer.concat([header, rawEntry("huge", "0"), Buffer.alloc(1024)]));
    await expect(inspect(bytes)).rejects.toThrow(/ends in the middle of an entry/);
  });

  it("by zeros behind its end is refused", async () => {
    const bytes = gzipSync(Buffer.concat([await tarOf(procfile), Buffer.alloc(2 * 1024 * 1024)]));
    await expect(inspect(bytes)).rejects.toThrow(/more than 1048576 zeros follow its end/);
  });

  it("by the number of entries is refused, empty files and implied directories included", async () => {
    const deep = "d/".repeat(90);
    const blocks: Buffer[] = [];
    for (let index = 0; index < 5_700; index++)
      blocks.push(rawEntry("x", "x", paxRecord("path", `${index}/${deep}f`)), rawEntry("f", "0"));
    await expect(inspect(gzipSync(Buffer.concat(blocks)))).rejects.toThrow(/more than 500000 entries/);
  });
});

describe("a file that is no .tar.gz", () => {
  const head = (hex: string) => Buffer.concat([Buffer.from(hex, "hex"), Buffer.alloc(600)]);
  it.each<[string, Buffer | Promise<Buffer>, RegExp]>([
    ["empty", Buffer.alloc(0), /it is empty: 0 bytes/],
    ["text", Buffer.from("hello, I am no archive"), /it is text, not a \.tar\.gz/],
    ["a zip", head("504b0304"), /not what its name says: it is a zip archive/],
    ["a plain tar", tarOf(procfile), /plain tar archive, not compressed/],
    ["bzip2", head("425a6839"), /bzip2/],
    ["xz", head("fd377a585a00"), /xz/],
    ["zstd", head("28b52ffd"), /zstd/],
    ["a program", head("7f454c46"), /it is a program/],
    ["noise", head("0001"), /data of an unknown kind/],
    ["gzip around something else", gzipSync(noise(3000)), /no sound tar archive/],
    ["an archive without entries", gzipSync(Buffer.alloc(1024)), /no entries/],
  ])("is refused by what it is: %s", async (_title, bytes, message) => {
    const error = await refusal(await bytes);
    expect(error).toMatchObject({ name: "ArtifactRefusedError", message: expect.stringMatching(message) });
  });

  it("is refused when it was cut short, anywhere", async () => {
    const bytes = await archiveOf(procfile, [{ name: "x" }, noise(90_000)]);
    for (const length of [1, 5, 20, 40_000, bytes.length - 4]) {
      expect((await refusal(bytes.subarray(0, length))).message).toMatch(/cut short|unknown kind/);
    }
  });

  it("is refused when the archive inside was cut short before it was compressed", async () => {
    const tar = await tarOf(procfile, [{ name: "x" }, noise(90_000)]);
    await expect(inspect(gzipSync(tar.subarray(0, 40_000)))).rejects.toThrow(/ends in the middle/);
  });

  it("is refused for one flipped bit", async () => {
    const bytes = await archiveOf(procfile, [{ name: "x" }, "y".repeat(3000)]);
    bytes[bytes.length - 6] = (bytes[bytes.length - 6] ?? 0) ^ 1;
    expect((await refusal(bytes)).message).toMatch(/damaged/);
  });

  it.each([
    ["refused at once", Buffer.from("text ".repeat(1000))],
    ["refused half-way", gzipSync(noise(90_000))],
  ])("lets its stream go when it is %s", async (_title, bytes) => {
    let closed = false;
    const source = async function* () {
      try {
        yield* inChunks(bytes);
      } finally {
        closed = true;
      }
    };
    await expect(inspectArchive(source(), { name: "w", caseCollisions: "refuse" })).rejects.toThrow(/refused/);
    expect(closed).toBe(true);
  });

  it("is not refused when reading it fails: that is no fault of the archive", async () => {
    const failing = async function* () {
      yield (await archiveOf(procfile)).subarray(0, 30);
      throw new Error("connection reset");
    };
    await expect(inspectArchive(failing(), { name: "w", caseCollisions: "refuse" })).rejects.toThrow(
      "connection reset",
    );
  });
});
