import { describe, expect, it } from "vitest";
import { type ListedEntry, readZipEntry, ZipProblem } from "../../../shared/domain/zip-entry.ts";

/** The host system, 3 for Unix, stands in the upper byte of "version made by". */
const [fat, unix, macOs] = [0 << 8, 3 << 8, 19 << 8];

function listed(changes: Partial<ListedEntry> = {}, name = "bin/server"): ListedEntry {
  return {
    versionMadeBy: unix,
    generalPurposeBitFlag: 0,
    compressionMethod: 8,
    crc32: 0xcafe,
    compressedSize: 40,
    uncompressedSize: 90,
    externalFileAttributes: (0o100_755 << 16) >>> 0,
    relativeOffsetOfLocalHeader: 1234,
    fileNameRaw: Buffer.from(name),
    extraFields: [],
    getLastModDate: () => new Date("2026-01-02T03:04:05.900Z"),
    ...changes,
  };
}

const withMode = (mode: number, changes: Partial<ListedEntry> = {}, name?: string) =>
  readZipEntry(listed({ externalFileAttributes: (mode << 16) >>> 0, uncompressedSize: 0, ...changes }, name));

describe("an entry of a zip", () => {
  it("is what the directory says of it", () => {
    expect(readZipEntry(listed())).toEqual({
      path: "bin/server",
      type: "0",
      mode: 0o755,
      changedSeconds: Date.parse("2026-01-02T03:04:05Z") / 1000,
      packing: "deflated",
      crc32: 0xcafe,
      packedBytes: 40,
      bytes: 90,
      headerOffset: 1234,
      hasDescriptor: false,
    });
  });

  it("is read by the archive's clock as UTC", () => {
    const asked: unknown[] = [];
    const getLastModDate = (options: { timezone: "UTC" }) => {
      asked.push(options);
      return new Date(0);
    };
    expect(readZipEntry(listed({ getLastModDate })).changedSeconds).toBe(0);
    expect(asked).toEqual([{ timezone: "UTC" }]);
  });

  it("has its sizes behind its content when its flag says so, whatever other flags are set", () => {
    expect(readZipEntry(listed({ generalPurposeBitFlag: 0x0808 })).hasDescriptor).toBe(true);
    expect(readZipEntry(listed({ generalPurposeBitFlag: 0x0806 })).hasDescriptor).toBe(false);
  });

  it.each([
    [0, "stored"],
    [8, "deflated"],
  ])("is packed by method %i as %s", (compressionMethod, packing) => {
    expect(readZipEntry(listed({ compressionMethod })).packing).toBe(packing);
  });

  it.each([
    [{ generalPurposeBitFlag: 0x0001 }, /^entry "bin\/server": it is encrypted$/],
    [{ generalPurposeBitFlag: 0x2000 }, /it is encrypted/],
    [{ generalPurposeBitFlag: 0x0020 }, /^entry "bin\/server": it is a patch/],
    [{ compressionMethod: 93 }, /^entry "bin\/server": it is packed with compression method 93;/],
  ])("is refused with %j", (changes, problem) => {
    expect(() => readZipEntry(listed(changes))).toThrow(problem);
    expect(() => readZipEntry(listed(changes))).toThrow(ZipProblem);
  });

  it("is told from other errors by its problem's name", () => {
    expect(new ZipProblem("x").name).toBe("ZipProblem");
  });
});

describe("the type and permissions of an entry", () => {
  it.each([
    [0o100_644, "bin/server", { type: "0", mode: 0o644 }],
    [0o000_600, "bin/server", { type: "0", mode: 0o600 }],
    [0o104_755, "bin/server", { type: "0", mode: 0o4755 }],
    [0o120_777, "bin/server", { type: "2", mode: 0o777 }],
    [0o040_750, "bin", { type: "5", mode: 0o750 }],
    [0o040_750, "bin/", { type: "5", mode: 0o750 }],
    [0o100_755, "bin/", { type: "5", mode: 0o755 }],
    [0o010_644, "bin/pipe", { type: "3", mode: 0o644 }],
    [0o120_777, "bin/", { type: "2" }],
  ])("of %o named %s are %j", (mode, name, expected) => {
    expect(withMode(mode, {}, name)).toMatchObject(expected);
  });

  it("are read from what Unix and macOS write alone: elsewhere anything may be a program", () => {
    const anything = { type: "0", mode: 0o755 };
    expect(withMode(0o100_640, { versionMadeBy: macOs })).toMatchObject({ type: "0", mode: 0o640 });
    expect(withMode(0o100_640, { versionMadeBy: fat + 63 })).toMatchObject(anything);
    expect(withMode(0, { versionMadeBy: unix })).toMatchObject(anything);
    expect(withMode(0, { versionMadeBy: fat }, "bin/")).toMatchObject({ type: "5", mode: 0o755 });
  });

  it("allow no directory with content, and no link with a target that is too long", () => {
    expect(() => withMode(0o040_755, { uncompressedSize: 1 }, "bin/")).toThrow(
      'entry "bin/": it is a directory that claims to have content',
    );
    expect(withMode(0o120_777, { uncompressedSize: 4096 }).bytes).toBe(4096);
    expect(() => withMode(0o120_777, { uncompressedSize: 4097 })).toThrow(
      'entry "bin/server": its target is longer than 1024 characters',
    );
    expect(withMode(0o100_755, { uncompressedSize: 4097 }).bytes).toBe(4097);
  });
});

describe("the name of an entry", () => {
  const named = (fileNameRaw: Buffer, extraFields: ListedEntry["extraFields"] = []) =>
    readZipEntry(listed({ fileNameRaw, extraFields })).path;
  const again = (name: string, id = 0x7075) => ({ id, data: Buffer.concat([Buffer.alloc(5), Buffer.from(name)]) });

  it("is UTF-8, flagged or not", () => {
    expect(named(Buffer.from("größe/日本"))).toBe("größe/日本");
    // A mark of byte order is a character of the name, not a note about it.
    expect(named(Buffer.from("efbbbf61", "hex"))).toBe("\ufeffa");
  });

  it("is refused in another encoding, shown as far as it can be", () => {
    expect(() => named(Buffer.from("gr\xf6\xdfe", "latin1"))).toThrow(/^entry "größe": its name is not UTF-8/);
  });

  it("is refused when it is longer than any path may be, before it is read", () => {
    expect(named(Buffer.alloc(4096, "a"))).toHaveLength(4096);
    expect(() => named(Buffer.alloc(4097, 0xff))).toThrow("an entry's path is longer than 1024 characters");
  });

  it("is refused with a backslash, which programs read in different ways", () => {
    expect(() => named(Buffer.from("bin\\server"))).toThrow(/^entry "bin\\\\server": its path contains a backslash/);
  });

  it("may be said twice when it is said alike", () => {
    expect(named(Buffer.from("a"), [again("other", 0x5455), again("a")])).toBe("a");
    expect(() => named(Buffer.from("a"), [again("b")])).toThrow('entry "a": it has two names');
    expect(() => named(Buffer.from("a"), [{ id: 0x7075, data: Buffer.alloc(2) }])).toThrow(
      'entry "a": it has two names',
    );
  });
});
