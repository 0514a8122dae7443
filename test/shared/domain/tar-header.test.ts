import { describe, expect, it } from "vitest";
import { readPaxRecords, readTarHeader, TarProblem } from "../../../shared/domain/tar-header.ts";

/** A header as tar writes it; `fields` are put at their offsets, and the checksum is right unless it is among them. */
function header(fields: Record<number, string | Buffer> = {}, magic = "ustar\x0000"): Buffer {
  const block = Buffer.alloc(512);
  const usual = { 0: "bin/server", 100: "0000755\0", 124: "00000000017\0", 156: "0", 257: magic };
  for (const [at, field] of Object.entries({ ...usual, ...fields })) {
    (typeof field === "string" ? Buffer.from(field) : field).copy(block, Number(at));
  }
  if (148 in fields) return block;
  block.fill(" ", 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

describe("a header of a tar archive", () => {
  it("says name, type, mode and size", () => {
    expect(readTarHeader(header())).toEqual({ name: "bin/server", type: "0", linkName: "", mode: 0o755, bytes: 15 });
  });

  it("ends the archive when it is all zeros, and only then", () => {
    expect(readTarHeader(Buffer.alloc(512))).toBeUndefined();
    const block = Buffer.alloc(512);
    block[511] = 1;
    expect(() => readTarHeader(block)).toThrow("a header's checksum is wrong");
  });

  it("reads a type of NUL, as old archives have it, as a file, and every other as it is", () => {
    expect(readTarHeader(header({ 156: "\0" }))?.type).toBe("0");
    expect(readTarHeader(header({ 156: "2", 157: "server" }))).toMatchObject({ type: "2", linkName: "server" });
  });

  it("reads names that fill their fields", () => {
    const [name, link] = ["n".repeat(100), "l".repeat(100)];
    // What stands behind the link's field is no part of it.
    expect(readTarHeader(header({ 0: name, 157: link }))).toMatchObject({ name, linkName: link });
    expect(readTarHeader(header({ 0: "a\0b", 157: "c\0d" }))).toMatchObject({ name: "a", linkName: "c" });
  });

  it("puts POSIX's prefix before the name, and takes GNU's times at its place for none", () => {
    const prefix = "p".repeat(155);
    expect(readTarHeader(header({ 345: "usr/lib" }))?.name).toBe("usr/lib/bin/server");
    expect(readTarHeader(header({ 345: `${prefix}x` }))?.name).toBe(`${prefix}/bin/server`);
    expect(readTarHeader(header({ 345: "00000000000" }, "ustar  \0"))?.name).toBe("bin/server");
  });

  it.each(["\0\0\0\0\0\0\0\0", "tar\0\0\0", "ustar\x01", "xstar\0"])(
    "is refused in a format older than ustar: %j",
    (magic) => {
      expect(() => readTarHeader(header({}, magic))).toThrow(
        new TarProblem("a header is in a format older than ustar"),
      );
    },
  );

  it("is refused when any byte of it is not what its checksum counts, from the first to the last", () => {
    for (const at of [0, 147, 156, 257, 511]) {
      const block = header();
      block[at] = (block[at] ?? 0) + 1;
      expect(() => readTarHeader(block)).toThrow("a header's checksum is wrong");
    }
  });

  it("is told from other errors by its name", () => {
    expect(new TarProblem("x").name).toBe("TarProblem");
  });
});

describe("a number in a header", () => {
  const sizeOf = (field: string | Buffer) => readTarHeader(header({ 124: field }))?.bytes;
  const binary = (value: bigint) => {
    const field = Buffer.alloc(12);
    field.writeBigUInt64BE(value, 4);
    field[0] = 0x80;
    return field;
  };

  it("is octal, with blanks and NULs around it, and nothing when there are only these", () => {
    expect(sizeOf("  \0 17 \0  \0 ")).toBe(15);
    expect(sizeOf("77777777777\0")).toBe(8 * 1024 ** 3 - 1);
    expect(sizeOf("            ")).toBe(0);
  });

  it("is binary when its first bit is set, up to what can be counted exactly", () => {
    expect(sizeOf(binary(8n * 1024n ** 3n))).toBe(8 * 1024 ** 3);
    expect(sizeOf(binary(2n ** 53n - 1n))).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => sizeOf(binary(2n ** 53n))).toThrow(new TarProblem("a header holds a number that is too large"));
  });

  it.each(["8", "0x1", "-1", "1 7", "1\x007", "x17", "17x"])("is refused as %j", (field) => {
    const problem = new TarProblem("a header holds something that is no number");
    expect(() => sizeOf(`${field}\0`.padEnd(12, " "))).toThrow(problem);
  });
});

describe("the records of an extended header", () => {
  const read = (text: string) => [...readPaxRecords(Buffer.from(text))];

  it("are read one after another, whatever their values hold", () => {
    expect(read("6 a=b\n19 path=a b=c\nd/ü\n106 linkpath=".concat("x".repeat(92), "\n"))).toEqual([
      ["a", "b"],
      ["path", "a b=c\nd/ü"],
      ["linkpath", "x".repeat(92)],
    ]);
    expect(read("5 a=\n")).toEqual([["a", ""]]);
    expect(read("")).toEqual([]);
  });

  it("count the last of two with one name", () => {
    expect(read("6 a=b\n6 a=c\n")).toEqual([["a", "c"]]);
  });

  it.each([
    ["a length beyond the end", "9 a=b\n"],
    ["a length that is too short", "5 a=b\n"],
    ["a length of nothing", "0 a=b\n"],
    ["a length with a zero before it", "06 a=b\n"],
    ["a length that is no number", "x a=b\n"],
    ["no length", " a=b\n"],
    ["nothing but a length", "1"],
    ["no value", "5 ab\n"],
    ["no key", "5 =b\n"],
    ["no end of line", "6 a=bc"],
    ["padding behind the last one", "6 a=b\n\0\0"],
  ])("are refused with %s", (_title, text) => {
    expect(() => read(text)).toThrow(new TarProblem("an extended header is malformed"));
  });
});
