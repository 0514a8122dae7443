import { describe, expect, it } from "vitest";
import { rangesOf } from "../../../shared/domain/block-ranges.ts";

describe("the ranges of a volume", () => {
  it("are one for a small volume", () => {
    expect(rangesOf(1)).toEqual([{ first: 0, end: 1 }]);
    expect(rangesOf(512)).toEqual([{ first: 0, end: 512 }]);
  });

  it("are of 256 MiB for a large one, the last with the rest", () => {
    expect(rangesOf(1100)).toEqual([
      { first: 0, end: 512 },
      { first: 512, end: 1024 },
      { first: 1024, end: 1100 },
    ]);
  });

  it("cover every block once and stay few, however large the volume is", () => {
    for (const blockCount of [513, 8193, 20_480, 20_481, 131_073]) {
      const ranges = rangesOf(blockCount);
      expect(ranges.length).toBeLessThanOrEqual(40);
      expect(ranges[0]?.first).toBe(0);
      expect(ranges.at(-1)?.end).toBe(blockCount);
      expect(ranges.slice(1).map(({ first }) => first)).toEqual(ranges.slice(0, -1).map(({ end }) => end));
    }
  });
});
