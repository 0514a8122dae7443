import { describe, expect, it } from "vitest";
import { formatOfName, refuseFormat } from "../../../shared/domain/archive-format.ts";

describe("the format that a name promises", () => {
  it.each([
    ["web/1.0.tar.gz", "tar.gz"],
    ["web/1.0.tgz", "tar.gz"],
    ["web/1.0.zip", "zip"],
    ["web/1.0.rar", undefined],
    ["web/zip", undefined],
    ["web/1.0.zip.part", undefined],
  ])("of %s is %s", (name, format) => {
    expect(formatOfName(name)).toBe(format);
  });
});

describe("a file's first bytes", () => {
  const gzip = Buffer.from("1f8b0800", "hex");
  const zip = Buffer.from("504b030414", "hex");

  it("are accepted when they are what the name says, an empty zip included", () => {
    expect(refuseFormat(gzip, "tar.gz")).toBeUndefined();
    expect(refuseFormat(zip, "zip")).toBeUndefined();
    expect(refuseFormat(Buffer.from("504b0506", "hex"), "zip")).toBeUndefined();
  });

  it("are refused when there are none", () => {
    expect(refuseFormat(Buffer.alloc(0), "zip")).toBe("it is empty: 0 bytes");
  });

  it.each([
    [gzip, "compressed with gzip"],
    [Buffer.from("504b0506", "hex"), "an empty zip archive"],
    [Buffer.from("BZh9"), "compressed with bzip2"],
    [Buffer.from("fd377a585a0000", "hex"), "compressed with xz"],
    [Buffer.from("28b52ffd", "hex"), "compressed with zstd"],
    [Buffer.from("377abcaf271c", "hex"), "a 7z archive"],
    [Buffer.from("Rar!"), "a rar archive"],
    [Buffer.from("7f454c4602", "hex"), "a program"],
    [Buffer.concat([Buffer.alloc(257), Buffer.from("ustar")]), "a plain tar archive, not compressed"],
  ])("are named when they are something else: %#", (head, what) => {
    const expected = head === gzip ? "zip" : "tar.gz";
    expect(refuseFormat(head, expected)).toBe(
      `its content is not what its name says: it is ${what}, not a .${expected}`,
    );
  });

  it("need the whole of a format's mark, not a part of it", () => {
    const part = Buffer.from([0x1f, 0x00, 0x50, 0x4b]);
    expect(refuseFormat(part, "tar.gz")).toContain("data of an unknown kind");
  });

  it("are text when nothing but letters, tabs and ends of lines is among them", () => {
    for (const text of [" ", "\t", "\n", "\r", "<html>\r\n\tNot found\n"]) {
      expect(refuseFormat(Buffer.from(text), "zip")).toContain("it is text, not a .zip");
    }
    for (const byte of [0x00, 0x08, 0x0b, 0x0c, 0x0e, 0x1f]) {
      expect(refuseFormat(Buffer.from([0x61, byte]), "zip")).toContain("it is data of an unknown kind");
    }
  });
});
