import { describe, expect, it } from "vitest";
import type { ArchiveEntry } from "../../../shared/domain/archive-rules.ts";
import { ArchiveTree } from "../../../shared/domain/archive-tree.ts";

function entry(path: string, kind: ArchiveEntry["kind"] = "file", target?: string): ArchiveEntry {
  return { path, kind, target, mode: 0o644, bytes: 0 };
}

/** Adds entries that are fine. */
function treeOf(...entries: ArchiveEntry[]): ArchiveTree {
  const tree = new ArchiveTree({ caseCollisions: "refuse" });
  for (const each of entries) expect(tree.add(each)).toBeUndefined();
  return tree;
}

describe("the tree of an archive", () => {
  it("counts every path once, and the directories that paths imply", () => {
    const tree = treeOf(entry("a/b/c"), entry("a/b/d"), entry("a", "directory"), entry("./a/b/", "directory"));
    expect(tree.size).toBe(4);
    expect(treeOf(entry("a/b/c")).size).toBe(3);
  });

  it("has a root that may be named as a directory and as nothing else", () => {
    const tree = treeOf(entry("./", "directory"));
    expect(tree.add(entry("./"))).toBe("it has no name");
    expect(tree.size).toBe(0);
  });

  it.each([
    ["a file", entry("a"), entry("./a")],
    ["a file as a directory", entry("a"), entry("a", "directory")],
    ["a directory as a file", entry("a", "directory"), entry("a")],
    ["a directory that a path implied as a link", entry("a/b"), entry("a", "symlink", "c")],
    ["a link", entry("a", "symlink", "b"), entry("a", "symlink", "b")],
  ])("refuses to name %s a second time", (_title, first, second) => {
    expect(treeOf(first).add(second)).toMatch(/^the archive holds this path twice/);
  });

  it("refuses what lies below a file or would be written through a link", () => {
    expect(treeOf(entry("a/b")).add(entry("a/b/c/d"))).toBe('it lies below "a/b", which is a file');
    expect(treeOf(entry("a/b", "symlink", "c")).add(entry("a/b/c/d"))).toBe(
      'it would be written through the link "a/b"',
    );
    expect(treeOf(entry("a"), entry("b", "hardlink", "a")).add(entry("b/c"))).toBe(
      'it lies below "b", which is a file',
    );
  });

  it("takes a hard link only to a file that stands before it", () => {
    treeOf(entry("a/b"), entry("c", "hardlink", "./a/b"));
    const why = (target: string) =>
      `it is a hard link to "${target}", which is no file that stands before it in the archive`;
    const tree = treeOf(entry("a/b"), entry("link", "symlink", "a"));
    expect(tree.add(entry("c", "hardlink", "a"))).toBe(why("a"));
    expect(tree.add(entry("c", "hardlink", "link"))).toBe(why("link"));
    expect(tree.add(entry("c", "hardlink", "later"))).toBe(why("later"));
    expect(tree.add(entry("c", "hardlink"))).toBe(why(""));
    // A symbolic link may come before what it points at.
    expect(tree.add(entry("d", "symlink", "later"))).toBeUndefined();
  });

  it("refuses paths that are one file on macOS and Windows, of directories that are only implied too", () => {
    const why = (path: string) =>
      `"${path}" differs from an earlier path in upper and lower case alone; on macOS and Windows they are one file`;
    expect(treeOf(entry("readme")).add(entry("README"))).toBe(why("README"));
    expect(treeOf(entry("lib/a")).add(entry("Lib/b"))).toBe(why("Lib"));
    expect(treeOf(entry("lib/a/x")).add(entry("Lib/A/y"))).toBe(why("Lib"));
    treeOf(entry("straße"), entry("strasse"));
    expect(treeOf(entry("u\u0308")).add(entry("\u00fc"))).toBe(why("\u00fc"));
    treeOf(entry("lib/a"), entry("lib/b"), entry("a"));
  });

  it("accepts such paths where they are asked for", () => {
    const tree = new ArchiveTree({ caseCollisions: "accept" });
    for (const path of ["l/linux", "L/linux"]) expect(tree.add(entry(path))).toBeUndefined();
    expect(tree.size).toBe(4);
  });
});
