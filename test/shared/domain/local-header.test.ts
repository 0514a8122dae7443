import { describe, expect, it } from "vitest";
import {
  localHeaderBytes,
  readLocalLengths,
  refuseOtherDescriptor,
  refuseOtherHeader,
} from "../../../shared/domain/local-header.ts";
import { type ZipEntry, ZipProblem } from "../../../shared/domain/zip-entry.ts";

const entry: ZipEntry = {
  path: "bin/server",
  type: "0",
  mode: 0o755,
  changedSeconds: 0,
  packing: "deflated",
  crc32: 0xcafebabe,
  packedBytes: 40,
  bytes: 90,
  headerOffset: 0,
  hasDescriptor: false,
};
const streamed: ZipEntry = { ...entry, hasDescriptor: true };
/** Sizes that a field of four bytes cannot hold. */
const wide: ZipEntry = { ...entry, packedBytes: 5 * 1024 ** 3, bytes: 6 * 1024 ** 3 };
const isElsewhere = 0xffff_ffff;

interface Local {
  flags?: number;
  method?: number;
  crc32?: number;
  packed?: number;
  unpacked?: number;
}

function local({ flags = 0, method = 8, crc32 = 0xcafebabe, packed = 40, unpacked = 90 }: Local = {}): Buffer {
  const header = Buffer.alloc(localHeaderBytes);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(flags, 6);
  header.writeUInt16LE(method, 8);
  header.writeUInt32LE(crc32, 14);
  header.writeUInt32LE(packed, 18);
  header.writeUInt32LE(unpacked, 22);
  header.writeUInt16LE(10, 26);
  header.writeUInt16LE(36, 28);
  return header;
}

function field(id: number, ...values: number[]): Buffer {
  const data = Buffer.alloc(4 + 8 * values.length);
  data.writeUInt16LE(id, 0);
  data.writeUInt16LE(8 * values.length, 2);
  for (const [index, value] of values.entries()) data.writeBigUInt64LE(BigInt(value), 4 + 8 * index);
  return data;
}

function compare(of: ZipEntry, header: Buffer, extra: Buffer = Buffer.alloc(0), name = of.path): void {
  refuseOtherHeader(of, header, Buffer.from(name), extra);
}

const different = (what: string) =>
  new ZipProblem(`entry "bin/server": its own header and the archive's directory say different ${what}`);

describe("an entry's own header", () => {
  it("says how long the name and the extra field behind it are", () => {
    expect(readLocalLengths(entry, local())).toEqual({ nameBytes: 10, extraBytes: 36 });
  });

  it("is missed where the archive ends before it does, or where something else stands", () => {
    const problem = new ZipProblem('entry "bin/server": there is no header where the directory says it begins');
    expect(() => readLocalLengths(entry, local().subarray(0, 29))).toThrow(problem);
    expect(() => readLocalLengths(entry, Buffer.alloc(30))).toThrow(problem);
  });

  it("is fine when it says what the directory says", () => {
    expect(() => compare(entry, local())).not.toThrow();
    expect(() => compare({ ...entry, packing: "stored" }, local({ method: 0 }))).not.toThrow();
    expect(() => compare(entry, local({ flags: 0x0806 }))).not.toThrow();
  });

  it("is refused for another name, also one that is shown alike", () => {
    expect(() => compare(entry, local(), undefined, "bin/other")).toThrow(different('names ("bin/other")'));
    const bytes = Buffer.from([0xff]);
    expect(() => refuseOtherHeader({ ...entry, path: "\ufffd" }, local(), bytes, Buffer.alloc(0))).toThrow("names");
  });

  it.each<[string, ZipEntry, Local, string]>([
    ["encryption", entry, { flags: 0x0001 }, "things about encryption"],
    ["hidden headers", entry, { flags: 0x2000 }, "things about encryption"],
    ["sizes behind the content", entry, { flags: 0x0008 }, "places of its sizes"],
    ["sizes before the content", streamed, {}, "places of its sizes"],
    ["another method", entry, { method: 0 }, "compression methods"],
    ["another method for what is stored", { ...entry, packing: "stored" }, {}, "compression methods"],
    ["another checksum", entry, { crc32: 1 }, "sizes or checksums"],
    ["another packed size", entry, { packed: 41 }, "sizes or checksums"],
    ["another size", entry, { unpacked: 91 }, "sizes or checksums"],
    ["no checksum", entry, { crc32: 0 }, "sizes or checksums"],
    ["no sizes", entry, { packed: 0, unpacked: 0 }, "sizes or checksums"],
    ["a wrong size though the right one follows", streamed, { flags: 8, unpacked: 91 }, "sizes or checksums"],
  ])("is refused for %s", (_title, of, said, what) => {
    expect(() => compare(of, local(said))).toThrow(different(what));
  });

  it("may leave out what follows the content, each of the three", () => {
    expect(() => compare(streamed, local({ flags: 8, crc32: 0, packed: 0, unpacked: 0 }))).not.toThrow();
    expect(() => compare(streamed, local({ flags: 8, packed: 0 }))).not.toThrow();
  });
});

describe("sizes that do not fit into an entry's own header", () => {
  const both = { packed: isElsewhere, unpacked: isElsewhere };

  it("stand in its ZIP64 field, the unpacked one first, wherever the field stands", () => {
    expect(() => compare(wide, local(both), field(1, 6 * 1024 ** 3, 5 * 1024 ** 3))).not.toThrow();
    const behind = Buffer.concat([field(0x5455, 1), field(7), field(1, 6 * 1024 ** 3, 5 * 1024 ** 3)]);
    expect(() => compare(wide, local(both), behind)).not.toThrow();
    expect(() => compare(wide, local(both), field(1, 5 * 1024 ** 3, 6 * 1024 ** 3))).toThrow("sizes or checksums");
  });

  it("are in it each only when it does not fit", () => {
    expect(() =>
      compare({ ...wide, packedBytes: 40 }, local({ unpacked: isElsewhere }), field(1, wide.bytes)),
    ).not.toThrow();
    expect(() =>
      compare({ ...wide, bytes: 90 }, local({ packed: isElsewhere }), field(1, wide.packedBytes)),
    ).not.toThrow();
    expect(() => compare(entry, local(), field(1, 1, 2))).not.toThrow();
  });

  it("are refused when the field is missing, of another kind or too short", () => {
    for (const extra of [
      Buffer.alloc(0),
      field(2, wide.bytes, wide.packedBytes),
      field(1, wide.bytes),
      field(1),
      Buffer.from([1, 0, 16]),
    ]) {
      expect(() => compare(wide, local(both), extra)).toThrow(different("sizes or checksums"));
    }
    const cut = field(1, wide.bytes, wide.packedBytes).subarray(0, -1);
    expect(() => compare(wide, local(both), cut)).toThrow(different("sizes or checksums"));
  });
});

describe("what stands behind an entry's content", () => {
  const signature = Buffer.from("504b0708", "hex");
  const narrow = (crc32 = 0xcafebabe, packed = 40, unpacked = 90) => {
    const record = Buffer.alloc(12);
    for (const [index, value] of [crc32, packed, unpacked].entries()) record.writeUInt32LE(value, 4 * index);
    return record;
  };
  const long = (crc32 = 0xcafebabe, packed = 40, unpacked = 90) => {
    const record = Buffer.alloc(20);
    record.writeUInt32LE(crc32, 0);
    for (const [index, value] of [packed, unpacked].entries()) record.writeBigUInt64LE(BigInt(value), 4 + 8 * index);
    return record;
  };

  it("is nothing where the sizes stand before it", () => {
    expect(() => refuseOtherDescriptor(entry, Buffer.alloc(0))).not.toThrow();
    const problem = new ZipProblem('entry "bin/server": 12 bytes behind it belong to no entry');
    expect(() => refuseOtherDescriptor(entry, narrow())).toThrow(problem);
  });

  it.each([
    ["12 bytes", narrow()],
    ["12 bytes and a signature", Buffer.concat([signature, narrow()])],
    ["20 bytes", long()],
    ["20 bytes and a signature", Buffer.concat([signature, long()])],
  ])("is a record of %s that repeats checksum and sizes", (_title, between) => {
    expect(() => refuseOtherDescriptor(streamed, between)).not.toThrow();
  });

  it.each([0, 11, 13, 28])("is refused with %i bytes, which no record has", (length) => {
    expect(() => refuseOtherDescriptor(streamed, Buffer.alloc(length))).toThrow(
      `entry "bin/server": the record behind its content has ${length} bytes, which none can have`,
    );
  });

  it("is refused without the signature that its length calls for", () => {
    for (const record of [narrow(), long()]) {
      expect(() => refuseOtherDescriptor(streamed, Buffer.concat([Buffer.alloc(4), record]))).toThrow(
        'entry "bin/server": the record behind its content has no signature',
      );
    }
  });

  it.each([
    ["checksum", narrow(1), long(1)],
    ["packed size", narrow(undefined, 41), long(undefined, 41)],
    ["size", narrow(undefined, undefined, 91), long(undefined, undefined, 91)],
  ])("is refused for another %s", (_title, short, other) => {
    for (const between of [short, other]) {
      expect(() => refuseOtherDescriptor(streamed, between)).toThrow(
        `entry "bin/server": the record behind its content disagrees with the archive's directory`,
      );
    }
  });
});
