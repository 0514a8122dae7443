import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { extract } from "tar-stream";
import { describe, expect, it } from "vitest";
import { noise } from "../../scripts/fuzz/sample-archives.ts";
import { rangesOf, type ZipFileEntry, zipOf, zippedProcfile } from "../../scripts/fuzz/sample-zips.ts";
import { snapshotBlockBytes } from "../../shared/domain/snapshot-blocks.ts";
import { inspectZip } from "../../shared/zip-inspection.ts";
import { decodeRecipe, RepackedZip } from "../../shared/zip-recipe.ts";

const options = { name: "web/1.zip", caseCollisions: "refuse" } as const;
const inspect = (zip: Buffer) => inspectZip(rangesOf(zip), zip.length, options);

async function refusal(zip: Buffer): Promise<Error> {
  const error = await inspect(zip).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Error) return error;
  throw new Error("it was accepted");
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The archive that is baked, made again from the recipe. */
async function baked(zip: Buffer): Promise<Buffer> {
  const { recipe, bytes } = await inspect(zip);
  return bytesOf(new RepackedZip(decodeRecipe(recipe), rangesOf(zip), zip.length).range(0, bytes - 1));
}

/** What a server unpacks, as another reader of tar sees it. */
async function unpacked(zip: Buffer): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const reader = extract();
  reader.end(gunzipSync(await baked(zip)));
  for await (const entry of reader) {
    const { name, type, mode = 0, linkname } = entry.header;
    const content = (await bytesOf(entry as AsyncIterable<Uint8Array>)).toString("utf8");
    found[name] = `${type} ${mode.toString(8)} ${linkname ?? content}`;
  }
  return found;
}

const everything: ZipFileEntry[] = [
  zippedProcfile,
  { name: "bin/", mode: 0o040_755 },
  { name: "bin/server", content: "#!/bin/sh\n", mode: 0o100_755, method: 0 },
  { name: "bin/link", content: "server", mode: 0o120_777 },
  { name: "empty", content: "" },
  { name: "streamed", content: "streamed ".repeat(200), descriptor: "signed" },
  { name: "bare", content: "bare ".repeat(200), descriptor: "unsigned" },
  { name: "wide", content: "wide ".repeat(200), descriptor: "zip64" },
  { name: "large", content: "large ".repeat(200), zip64: true },
  { name: `${"d".repeat(120)}/${"ü".repeat(60)}`, content: "long" },
  { name: "stored", content: noise(200_000), method: 0 },
];

describe("reading a zip", () => {
  it("bakes what its entries hold, with permissions, links, long names and every way to say a size", async () => {
    const found = await unpacked(zipOf(everything));
    expect(found).toMatchObject({
      Procfile: "file 644 web: node server.js\n",
      "bin/": "directory 755 ",
      "bin/server": "file 755 #!/bin/sh\n",
      "bin/link": "symlink 777 server",
      empty: "file 644 ",
      streamed: `file 644 ${"streamed ".repeat(200)}`,
      bare: `file 644 ${"bare ".repeat(200)}`,
      wide: `file 644 ${"wide ".repeat(200)}`,
      large: `file 644 ${"large ".repeat(200)}`,
      [`${"d".repeat(120)}/${"ü".repeat(60)}`]: "file 644 long",
      stored: `file 644 ${noise(200_000).toString("utf8")}`,
    });
    expect(Object.keys(found)).toHaveLength(everything.length);
  });

  it("finds digests and sizes of the zip and of what is baked, and the Procfile", async () => {
    const zip = zipOf(everything);
    const found = await inspect(zip);
    const archive = await baked(zip);
    expect(found.zip).toEqual({ bytes: zip.length, sha256: createHash("sha256").update(zip).digest("hex") });
    expect(found).toMatchObject({
      bytes: archive.length,
      sha256: createHash("sha256").update(archive).digest("hex"),
      procfile: "web: node server.js\n",
    });
    const padded = Buffer.concat([archive, Buffer.alloc(snapshotBlockBytes - archive.length)]);
    expect(Buffer.from(found.blockDigests)).toEqual(createHash("sha256").update(padded).digest());
  });

  it("gives every part of what is baked by itself, so that a bake can go on anywhere", async () => {
    const zip = zipOf(everything);
    const { recipe, bytes } = await inspect(zip);
    const archive = await baked(zip);
    const repacked = new RepackedZip(decodeRecipe(recipe), rangesOf(zip, 777), zip.length);
    for (let first = 0; first < bytes; first += 4001) {
      const last = Math.min(bytes - 1, first + 9000);
      expect(await bytesOf(repacked.range(first, last))).toEqual(archive.subarray(first, last + 1));
    }
  });

  it("reads one that says where things are in ZIP64 records, and one with a comment", async () => {
    await expect(inspect(zipOf([zippedProcfile], { zip64: true }))).resolves.toMatchObject({ unpackedBytes: 20 });
    await expect(inspect(zipOf([zippedProcfile], { comment: "made by hand" }))).resolves.toMatchObject({
      unpackedBytes: 20,
    });
  });

  it("lets everything be executed in one that was made where files have no permissions", async () => {
    const found = await unpacked(
      zipOf([
        { ...zippedProcfile, mode: 0 },
        { name: "run", content: "x", mode: 0 },
      ]),
    );
    expect(found).toMatchObject({ run: "file 755 x" });
  });

  it("asks for the directory and then for each byte once, whatever the number of entries", async () => {
    const many = Array.from({ length: 500 }, (_, index) => ({ name: `f${index}`, content: `${index}` }));
    const zip = zipOf([zippedProcfile, ...many]);
    const asked: [number, number][] = [];
    const read = rangesOf(zip);
    const counted = (first: number, last: number) => {
      asked.push([first, last]);
      return read(first, last);
    };
    await inspectZip(counted, zip.length, options);
    expect(asked.length).toBeLessThan(6);
    expect(asked.at(-1)).toEqual([0, zip.length - 1]);
  });
});

const setuid: ZipFileEntry = { name: "s", content: "x", mode: 0o104_755 };
const twoFiles: ZipFileEntry[] = [zippedProcfile, { name: "b", content: "second" }];

describe("a zip that is refused by name", () => {
  it.each<[string, Buffer, RegExp]>([
    ["an empty file", Buffer.alloc(0), /it is empty: 0 bytes/],
    ["no entries", zipOf([]), /it is empty: the archive has no entries/],
    ["a .tar.gz under its name", Buffer.from("1f8b0800", "hex"), /it is compressed with gzip, not a \.zip/],
    ["text under its name", Buffer.from("<html>404</html>"), /it is text, not a \.zip/],
    ["cut short", zipOf(everything).subarray(0, 5000), /it was cut short, or is no zip archive/],
    ["bytes behind its end", Buffer.concat([zipOf(twoFiles), Buffer.from("x")]), /its directory is damaged/],
    ["a path that climbs", zipOf([{ name: "../x", content: "x" }]), /entry "\.\.\/x": its path leaves the archive/],
    ["an absolute path", zipOf([{ name: "/x", content: "x" }]), /its path is absolute/],
    ["a backslash", zipOf([{ name: "a\\b", content: "x" }]), /its path contains a backslash/],
    ["a name in no known encoding", zipOf([{ name: Buffer.from([0x81, 0x9a]), flags: 0 }]), /its name is not UTF-8/],
    ["a second name", zipOf([{ name: "a", extra: unicodePath("b") }]), /"a": it has two names/],
    ["a link out", zipOf([{ name: "l", content: "../../etc", mode: 0o120_777 }]), /it links out of the archive/],
    ["a link to a damaged target", zipOf([{ name: "l", content: "x".repeat(9000), mode: 0o120_777 }]), /its target/],
    ["a device", zipOf([{ name: "d", mode: 0o020_644 }]), /it is a device, a pipe or another special file/],
    ["a socket", zipOf([{ name: "d", mode: 0o140_644 }]), /it is a device, a pipe or another special file/],
    ["setuid", zipOf([setuid]), /it is setuid or setgid/],
    ["the same path twice", zipOf([zippedProcfile, zippedProcfile]), /the archive holds this path twice/],
    [
      "paths that differ in case",
      zipOf([zippedProcfile, { name: "procfile" }]),
      /differs from an earlier path in upper and lower case alone/,
    ],
    [
      "a directory with content",
      zipOf([{ name: "d/", content: "x" }]),
      /it is a directory that claims to have content/,
    ],
    ["encryption", zipOf([{ name: "a", content: "x", flags: 0x0801 }]), /"a": it is encrypted/],
    ["another compression", zipOf([{ name: "a", content: "x", method: 93 }]), /packed with compression method 93/],
    [
      "a bomb, by what it admits to",
      zipOf([{ name: "zeros", content: Buffer.alloc(80 * 1024 * 1024) }]),
      /unpacks to more than 200 times its size/,
    ],
    [
      "a bomb that its directory hides",
      zipOf([{ name: "zeros", content: Buffer.alloc(80 * 1024 * 1024), listed: { bytes: 10 }, local: { bytes: 10 } }]),
      /an entry unpacks to another size than the archive's directory says/,
    ],
    ["too many entries", zipOf(twoFiles, { zip64: true, entryCount: 500_001 }), /more than 500000 entries/],
    ["fewer entries than it claims", zipOf(twoFiles, { entryCount: 3 }), /it was cut short, or is no zip archive/],
    ["a wrong checksum", zipOf([{ ...zippedProcfile, listed: { crc32: 1 } }]), /its compressed data is damaged/],
    [
      "another name in the entry's own header",
      zipOf([{ ...zippedProcfile, local: { name: "ProcfilE" } }]),
      /"Procfile": its own header and the archive's directory say different names \("ProcfilE"\)/,
    ],
    ["another size there", zipOf([{ ...zippedProcfile, local: { bytes: 5 } }]), /say different sizes or checksums/],
    ["another method there", zipOf([{ ...zippedProcfile, local: { method: 0 } }]), /say different compression methods/],
    ["encryption there", zipOf([{ ...zippedProcfile, local: { flags: 0x0801 } }]), /things about encryption/],
    ["a descriptor told there alone", zipOf([{ ...zippedProcfile, local: { flags: 0x0808 } }]), /places of its sizes/],
    ["entries that overlap", zipOf([zippedProcfile, { name: "b", listed: { offset: 10 } }]), /overlap/],
    [
      "the same content for two entries",
      zipOf([zippedProcfile, { ...zippedProcfile, listed: { offset: 0 } }]),
      /overlap/,
    ],
    ["an entry that is not there", zipOf([{ ...zippedProcfile, listed: { offset: 4 } }]), /belong to no entry/],
    [
      "bytes before the first entry",
      zipOf(twoFiles, { before: Buffer.from("PK\x03\x04 junk") }),
      /9 bytes before entry/,
    ],
    [
      "bytes between entries",
      zipOf([{ ...zippedProcfile, behind: noise(5) }, { name: "b" }]),
      /5 bytes behind it belong to no entry/,
    ],
    [
      "many bytes between entries",
      zipOf([{ ...zippedProcfile, behind: noise(500) }, { name: "b" }]),
      /500 bytes behind it belong to no entry/,
    ],
    [
      "a descriptor of no known length",
      zipOf([{ ...zippedProcfile, descriptor: "signed", behind: noise(1) }]),
      /17 bytes, which none can have/,
    ],
    ["no Procfile's worth of directory", Buffer.from("PK\x03\x04"), /cut short, or is no zip/],
  ])("%s", async (_title, zip, reason) => {
    const error = await refusal(zip);
    expect(error.name).toBe("ArtifactRefusedError");
    expect(error.message).toMatch(/^web\/1\.zip is refused: /);
    expect(error.message).toMatch(reason);
  });

  it("is told apart from an object that cannot be read", async () => {
    const zip = zipOf(everything);
    const broken = async (): Promise<AsyncIterable<Uint8Array>> => {
      throw new Error("no connection");
    };
    const read = rangesOf(zip);
    await expect(inspectZip(broken, zip.length, options)).rejects.toThrow(/^no connection$/);
    const exceptContents = (first: number, last: number) => (first === 0 && last > 512 ? broken() : read(first, last));
    await expect(inspectZip(exceptContents, zip.length, options)).rejects.toThrow(/^no connection$/);
  });
});

/** The field that repeats a name in UTF-8. */
function unicodePath(name: string): Buffer {
  const field = Buffer.alloc(9);
  field.writeUInt16LE(0x7075, 0);
  field.writeUInt16LE(5 + Buffer.byteLength(name), 2);
  field.writeUInt8(1, 4);
  return Buffer.concat([field, Buffer.from(name)]);
}
