import { mkdtemp, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { copyBlocks } from "../../../local/ebs/block-files.ts";
import { blockBytes } from "../../../local/ebs/block-size.ts";
import { noiseBlock } from "../../../local/ebs/noise.ts";
import { SparseBlockFiles } from "../../../local/ebs/sparse-block-files.ts";

let directory: string;
let files: SparseBlockFiles;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "kiln-blocks-"));
  files = new SparseBlockFiles(directory);
});
afterEach(() => rm(directory, { recursive: true }));

it("takes only the space of what was written, and reads the rest as zeros", async () => {
  await files.makeVolume({ id: "vol-1", sizeBytes: 8 * 2 ** 30, source: undefined, encrypted: false });
  await files.write("vol-1", 3, new Uint8Array(blockBytes).fill(5));

  const { size, blocks } = await stat(files.pathOf("vol-1"));
  expect(size).toBe(8 * 2 ** 30);
  expect(blocks * 512).toBeLessThan(4 * blockBytes);
  expect((await files.read("vol-1", 3))[100]).toBe(5);
  expect((await files.read("vol-1", 4)).every((byte) => byte === 0)).toBe(true);
});

it("copies blocks between files, finds the occupied ones, and forgets a file", async () => {
  await files.write("snap-1", 0, new Uint8Array(blockBytes).fill(1));
  await files.write("snap-1", 2, new Uint8Array(blockBytes).fill(2));
  await copyBlocks(files, "snap-1", "vol-1", [0, 2]);
  expect(await files.occupied("vol-1")).toEqual([0, 2]);

  await files.remove("snap-1");
  await files.remove("snap-1");
  await expect(files.read("snap-1", 0)).rejects.toThrow("ENOENT");
});

it("makes noise that is stable for a volume's block and differs between blocks and volumes", () => {
  expect(noiseBlock("vol-1", 1)).toHaveLength(blockBytes);
  expect(Buffer.from(noiseBlock("vol-1", 1)).equals(noiseBlock("vol-1", 1))).toBe(true);
  expect(Buffer.from(noiseBlock("vol-1", 1)).equals(noiseBlock("vol-1", 2))).toBe(false);
  expect(Buffer.from(noiseBlock("vol-1", 1)).equals(noiseBlock("vol-2", 1))).toBe(false);
});

it("fills an encrypted volume's gaps with noise, and an unencrypted one's with zeros", async () => {
  for (const index of [0, 2]) await files.write("snap-1", index, new Uint8Array(blockBytes).fill(1));
  const source = { id: "snap-1", indexes: [0, 2] };
  await files.makeVolume({ id: "vol-plain", sizeBytes: 2 ** 30, source, encrypted: false });
  await files.makeVolume({ id: "vol-secret", sizeBytes: 2 ** 30, source, encrypted: true });

  expect(await files.occupied("vol-plain")).toEqual([0, 2]);
  expect(await files.occupied("vol-secret")).toEqual([0, 1, 2, 3, 4, 5, 6, 2047]);
  expect((await files.read("vol-secret", 2047)).some((byte) => byte !== 0)).toBe(true);
  expect((await files.read("vol-secret", 2)).every((byte) => byte === 1)).toBe(true);
});

it("finds what was written to a volume after it was made", async () => {
  await files.makeVolume({ id: "vol-1", sizeBytes: 64 * blockBytes, source: undefined, encrypted: false });
  expect(await files.occupied("vol-1")).toEqual([]);
  await files.write("vol-1", 40, new Uint8Array(blockBytes).fill(9));
  await utimes(files.pathOf("vol-1"), 1, 1);
  expect(await files.occupied("vol-1")).toEqual([40]);
});
