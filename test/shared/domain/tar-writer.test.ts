import { describe, expect, it } from "vitest";
import { readPaxRecords, readTarHeader } from "../../../shared/domain/tar-header.ts";
import { paddingBytes, type TarEntryToWrite, writeTarHeaders } from "../../../shared/domain/tar-writer.ts";

const file: TarEntryToWrite = {
  path: "bin/server",
  type: "0",
  linkName: "",
  mode: 0o755,
  bytes: 15,
  changedSeconds: 1_700_000_000,
};
const eightGib = 8 * 1024 ** 3;

function text(block: Buffer, at: number, length: number): string {
  return block.toString("latin1", at, at + length);
}

/** What an extended header before an entry says, and the entry's own header. */
function extended(entry: TarEntryToWrite) {
  const written = writeTarHeaders(entry);
  const first = readTarHeader(written.subarray(0, 512));
  const records = [...readPaxRecords(written.subarray(512, 512 + (first?.bytes ?? 0)))];
  return { written, first, records, own: readTarHeader(written.subarray(-512)) };
}

describe("the header of an entry", () => {
  it("is one block, each field in its place", () => {
    const block = writeTarHeaders({ ...file, type: "2", linkName: "server.mjs" });
    expect(block.length).toBe(512);
    expect(text(block, 0, 12)).toBe("bin/server\0\0");
    expect(text(block, 100, 24)).toBe("0000755\x000000000\x000000000\0");
    expect(text(block, 124, 24)).toBe("00000000017\x0014524770400\0");
    expect(text(block, 156, 12)).toBe("2server.mjs\0");
    expect(text(block, 257, 9)).toBe("ustar\x0000\0");
    expect(readTarHeader(block)).toEqual({
      name: "bin/server",
      type: "2",
      linkName: "server.mjs",
      mode: 0o755,
      bytes: 15,
    });
  });

  it("ends its checksum as POSIX asks, six digits, NUL and blank", () => {
    const block = writeTarHeaders(file);
    const others = block.reduce((sum, byte, at) => (at < 148 || at > 155 ? sum + byte : sum), 8 * 32);
    expect(text(block, 148, 8)).toBe(`${others.toString(8).padStart(6, "0")}\0 `);
  });

  it("puts a change before 1970 at its beginning, and one too late at the latest time that fits", () => {
    expect(text(writeTarHeaders({ ...file, changedSeconds: -5 }), 136, 12)).toBe("00000000000\0");
    expect(text(writeTarHeaders({ ...file, changedSeconds: 1e12 }), 136, 12)).toBe("77777777777\0");
  });

  it("holds names of 100 bytes and sizes below 8 GiB by itself", () => {
    const block = writeTarHeaders({ ...file, path: "p".repeat(100), linkName: "l".repeat(100), bytes: eightGib - 1 });
    expect(block.length).toBe(512);
    expect(readTarHeader(block)).toMatchObject({
      name: "p".repeat(100),
      linkName: "l".repeat(100),
      bytes: eightGib - 1,
    });
  });
});

describe("an extended header", () => {
  it("goes before an entry whose path, target or size does not fit, and says all of them whole", () => {
    const path = `${"ü".repeat(50)}p`;
    const { first, records, own, written } = extended({ ...file, path, linkName: "l".repeat(101), bytes: eightGib });
    expect(first).toMatchObject({ name: "pax", type: "x", mode: 0o644, linkName: "" });
    expect(records).toEqual([
      ["path", path],
      ["linkpath", "l".repeat(101)],
      ["size", String(eightGib)],
    ]);
    expect(own).toMatchObject({ name: "ü".repeat(50), linkName: "l".repeat(100), bytes: 0, mode: 0o755 });
    expect(written.length).toBe(3 * 512);
  });

  it("says nothing of what fits", () => {
    expect(extended({ ...file, bytes: eightGib }).records).toEqual([["size", String(eightGib)]]);
    const { records, own } = extended({ ...file, path: "p".repeat(101) });
    expect(records).toEqual([["path", "p".repeat(101)]]);
    expect(own?.bytes).toBe(15);
  });

  it("counts the digits of its length among its length, also where they make it one digit longer", () => {
    for (const length of [982, 985, 986, 987, 988, 989, 990, 995, 1000]) {
      const { records, first, written } = extended({ ...file, path: "p".repeat(length) });
      expect(records).toEqual([["path", "p".repeat(length)]]);
      expect(written.length).toBe(1024 + Math.ceil((first?.bytes ?? 0) / 512) * 512);
    }
  });
});

it.each([
  [0, 0],
  [1, 511],
  [511, 1],
  [512, 0],
  [513, 511],
])("a content of %i bytes is filled up with %i", (bytes, padding) => {
  expect(paddingBytes(bytes)).toBe(padding);
});
