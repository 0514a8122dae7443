import { describe, expect, it } from "vitest";
import { archiveLimits, platformOf, readProcfile, refuseTotals } from "../../../shared/domain/archive-rules.ts";
import { PathTable } from "../../../shared/domain/path-table.ts";

describe("a Procfile", () => {
  it("says how to start", () => {
    expect(readProcfile("# comment\nweb: node server.js --x=1\n")).toEqual({ start: "node server.js --x=1" });
  });

  it.each([
    ["worker: node jobs.js\nweb: node server.js", /worker.*before the release is validated/],
    ["release: migrate\nweb: node server.js", /release/],
    ["web: a\nweb: b", /more than one/],
    ["", /no web: line/],
    ["node server.js", /is not/],
  ])("refuses %j", (text, reason) => {
    expect(readProcfile(text)).toMatchObject({ refused: expect.stringMatching(reason) });
  });
});

describe("what an archive holds altogether", () => {
  const fine = { packedBytes: 20 * 1024 ** 3, unpackedBytes: 20 * 1024 ** 3, entries: 100_000 };

  it.each([
    [{}, undefined],
    [{ unpackedBytes: archiveLimits.unpackedBytes + 1 }, /unpacks to more than 25769803776 bytes/],
    [{ entries: archiveLimits.entries + 1 }, /more than 500000 entries/],
    [{ packedBytes: 1024 ** 2, unpackedBytes: 201 * 1024 ** 2 }, /more than 200 times its size/],
    // Repetitive, and too small to do harm.
    [{ packedBytes: 1000, unpackedBytes: 60 * 1024 ** 2 }, undefined],
  ])("is held against the limits: %j", (totals, reason) => {
    const refused = refuseTotals({ ...fine, ...totals });
    if (reason) expect(refused).toMatch(reason);
    else expect(refused).toBeUndefined();
  });
});

describe("the platform of a program", () => {
  const elf = (machine: number) =>
    Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46]), Buffer.alloc(14), Buffer.from([machine, 0])]);

  it("is read from its first bytes", () => {
    expect(platformOf(elf(62))).toBe("x86_64");
    expect(platformOf(elf(183))).toBe("arm64");
    expect(platformOf(elf(8))).toBe("ELF machine 8");
    expect(platformOf(Buffer.from("cffaedfe07000001", "hex"))).toBe("macOS");
    expect(platformOf(Buffer.from("MZ\x90\0"))).toBe("Windows");
    expect(platformOf(Buffer.from("#!/bin/sh\necho hello world"))).toBeUndefined();
  });
});

describe("a table of paths", () => {
  it("keeps each path's number while it grows, and knows no other path", () => {
    const table = new PathTable();
    for (let index = 0; index < 5_000; index++) table.set(`path/${index}`, (index % 255) + 1);
    table.set("path/7", 9);
    expect(table.size).toBe(5_000);
    expect([0, 7, 254, 4_999].map((index) => table.get(`path/${index}`))).toEqual([1, 9, 255, 155]);
    expect(table.get("path/5000")).toBeUndefined();
  });
});
