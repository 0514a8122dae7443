import { describe, expect, it } from "vitest";
import { platformOf, readProcfile } from "../../../shared/domain/archive-rules.ts";
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
