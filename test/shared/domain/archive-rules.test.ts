import { describe, expect, it } from "vitest";
import {
  type ArchiveEntry,
  archiveLimits,
  platformOf,
  readProcfile,
  refuseEntry,
  refuseTotals,
  shown,
} from "../../../shared/domain/archive-rules.ts";
import { PathTable } from "../../../shared/domain/path-table.ts";

describe("a Procfile", () => {
  it("says how to start", () => {
    expect(readProcfile("# comment\nweb: node server.js --x=1\n")).toEqual({ start: "node server.js --x=1" });
    expect(readProcfile(" \r\n#web: old\r\nweb:node server.js  # 1\t\r\n")).toEqual({ start: "node server.js  # 1" });
  });

  it("names the line that is none, and no more than its beginning", () => {
    expect(readProcfile("web: a\n !: b")).toEqual({ refused: 'its line " !: b" is not "<type>: <command>"' });
    expect(readProcfile(`${"x".repeat(90)}`)).toEqual({
      refused: `its line "${"x".repeat(80)}" is not "<type>: <command>"`,
    });
    expect(readProcfile("!web: a")).toMatchObject({ refused: expect.stringContaining('its line "!web: a"') });
    expect(readProcfile("web: a\rb")).toMatchObject({ refused: expect.stringContaining("is not") });
    expect(readProcfile("web:")).toMatchObject({ refused: expect.stringContaining('its line "web:"') });
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

describe("one entry of an archive", () => {
  const file: ArchiveEntry = { path: "bin/server", kind: "file", target: undefined, mode: 0o755, bytes: 9 };
  const deep = (count: number) => Array.from({ length: count }, () => "d").join("/");

  it.each<[string, Partial<ArchiveEntry>]>([
    ["an ordinary file", {}],
    ["the top, named as a directory", { path: "./", kind: "directory", bytes: 0 }],
    ["a sticky directory", { path: "tmp/", kind: "directory", mode: 0o1777, bytes: 0 }],
    ["a name of dots that is none of the two special ones", { path: "a/..b/c../..." }],
    ["a path as long as may be", { path: `${"a/".repeat(49)}${"b".repeat(255)}` }],
    ["a path of the most characters", { path: `${"a".repeat(255)}/`.repeat(4), kind: "directory", bytes: 0 }],
    ["a path of the most directories", { path: deep(100) }],
    ["a name of the most bytes", { path: "ü".repeat(127) }],
    ["a link beside itself", { path: "lib/a.so", kind: "symlink", target: "a.so.1", bytes: 0 }],
    ["a link up to the top", { path: "a/b/c", kind: "symlink", target: "../../d/e", bytes: 0 }],
    ["a link to the top itself", { path: "a/b", kind: "symlink", target: "..", bytes: 0 }],
    ["a link up from a path that begins with a dot", { path: "./a/./b", kind: "symlink", target: ".././c", bytes: 0 }],
    ["a link with a target as long as may be", { kind: "symlink", target: "t".repeat(1024), bytes: 0 }],
    ["a hard link to a path from the top", { path: "a/b/c", kind: "hardlink", target: "a/b/d", bytes: 0 }],
  ])("is fine as %s", (_title, changes) => {
    expect(refuseEntry({ ...file, ...changes })).toBeUndefined();
  });

  it.each<[string, Partial<ArchiveEntry>, string]>([
    ["a path that is too long", { path: "a/".repeat(512).concat("b") }, "its path is longer than 1024 characters"],
    ["an absolute path", { path: "/etc/passwd" }, "its path is absolute"],
    ["a path that goes up", { path: "../a" }, "its path leaves the archive"],
    ["a path that goes up on its way", { path: "a/.././../b/c" }, "its path leaves the archive"],
    ["a path that goes up behind an empty name", { path: "a/..//../b" }, "its path leaves the archive"],
    ["a path that goes up and stays inside", { path: "a/../b" }, 'its path contains ".."'],
    ["a path with a line break", { path: "a\nb" }, "its path contains a control character"],
    ["a path that is too deep", { path: deep(101) }, "it lies more than 100 directories deep"],
    ["a name of too many bytes", { path: `a/${"ü".repeat(128)}/b` }, "a name in its path is longer than 255 bytes"],
    ["a device", { kind: "other" }, "it is a device, a pipe or another special file"],
    ["a file that runs as its owner", { mode: 0o4755 }, "it is setuid or setgid"],
    ["a file that runs as its group", { mode: 0o2755 }, "it is setuid or setgid"],
    ["a directory with content", { kind: "directory", bytes: 1 }, "it is a directory that claims to have content"],
    [
      "a link out by an absolute path",
      { kind: "symlink", target: "/etc", bytes: 0 },
      'it links out of the archive ("/etc")',
    ],
    [
      "a link that climbs out",
      { kind: "symlink", target: "../../x", bytes: 0 },
      'it links out of the archive ("../../x")',
    ],
    [
      "a hard link that climbs out",
      { kind: "hardlink", target: "../x", bytes: 0 },
      'it links out of the archive ("../x")',
    ],
    [
      "a link to nothing",
      { kind: "symlink", target: "", bytes: 0 },
      "its target is empty or contains a control character",
    ],
    ["a link without a target", { kind: "hardlink", bytes: 0 }, "its target is empty or contains a control character"],
    [
      "a link with a tab",
      { kind: "symlink", target: "a\tb", bytes: 0 },
      "its target is empty or contains a control character",
    ],
    [
      "a link that is too long",
      { kind: "symlink", target: "t".repeat(1025), bytes: 0 },
      "its target is longer than 1024 characters",
    ],
  ])("is refused as %s", (_title, changes, reason) => {
    expect(refuseEntry({ ...file, ...changes })).toBe(reason);
  });

  it("is refused as a link that goes down and up again: what it passes may itself be a link", () => {
    const link = (target: string) => refuseEntry({ ...file, kind: "symlink", target, bytes: 0 });
    expect(link("a/../b")).toMatch(/^it links to "a\/\.\.\/b", which goes down and up again/);
    expect(link("../a/../b")).toMatch(/^it links to "\.\.\/a\/\.\.\/b", which goes down and up again/);
    expect(link(".//..//a")).toBeUndefined();
  });
});

describe("a path in a message", () => {
  it("is quoted, on one line, and cut after 200 characters", () => {
    expect(shown('a\n"b"')).toBe('"a\\n\\"b\\""');
    expect(shown("x".repeat(200))).toBe(`"${"x".repeat(200)}"`);
    expect(shown("x".repeat(201))).toBe(`"${"x".repeat(200)}…"`);
  });
});

describe("what an archive holds altogether", () => {
  const fine = { packedBytes: 20 * 1024 ** 3, unpackedBytes: 20 * 1024 ** 3, entries: 100_000 };

  it.each([
    [{}, undefined],
    [{ unpackedBytes: archiveLimits.unpackedBytes }, undefined],
    [{ entries: archiveLimits.entries }, undefined],
    [{ packedBytes: 1024 ** 2, unpackedBytes: 200 * 1024 ** 2 }, undefined],
    [{ packedBytes: 0, unpackedBytes: 64 * 1024 ** 2 }, undefined],
    [{ packedBytes: 0, unpackedBytes: 64 * 1024 ** 2 + 1 }, /more than 200 times its size/],
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
    expect(platformOf(Buffer.concat([elf(62).subarray(0, 19), Buffer.from([1])]))).toBe("ELF machine 318");
    expect(platformOf(elf(62).subarray(0, 19))).toBeUndefined();
    expect(platformOf(Buffer.alloc(20))).toBeUndefined();
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

  it("still knows every path when it has grown, and counts one that is set again once", () => {
    const table = new PathTable();
    const paths = Array.from({ length: 700 }, (_, index) => `p${index}`);
    for (const path of [...paths, ...paths]) table.set(path, 255);
    expect(table.size).toBe(700);
    expect(paths.filter((path) => table.get(path) !== 255)).toEqual([]);
    expect(table.get("p700")).toBeUndefined();
  });
});
