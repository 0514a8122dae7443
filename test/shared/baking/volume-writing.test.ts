import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { writeRange, writeVolume } from "../../../shared/baking/volume-writing.ts";
import { recordedEveryBlocks, windowBlocks } from "../../../shared/domain/block-window.ts";
import { maxUnderWay } from "../../../shared/domain/put-pace.ts";
import { bakingCloud } from "./baking-cloud.ts";

const blockCount = 110;

function sorted(indexes: Iterable<number>): number[] {
  return [...indexes].sort((a, b) => a - b);
}

const everyBlock = Array.from({ length: blockCount }, (_, index) => index);

let cloud: Awaited<ReturnType<typeof bakingCloud>>;
beforeAll(async () => {
  cloud = await bakingCloud(blockCount);
});
beforeEach(() => cloud.forget());

describe("writing a release volume", () => {
  it("writes every block once and seals the snapshot", async () => {
    const { process, release, start, seen, models } = cloud;
    const snapshotId = await start("test-1");
    expect(await writeVolume(release, { snapshotId }, process())).toEqual({ kind: "sealed" });
    expect(sorted(seen.taken)).toEqual(everyBlock);
    expect(models.get(snapshotId)?.direct?.sealed).toBe(true);
  });

  it("writes again no more than its window when it is killed at any block", { timeout: 30_000 }, async () => {
    const { start, process, release, models, seen } = cloud;
    for (let killedAt = 1; killedAt <= blockCount; killedAt += 27) {
      const snapshotId = await start(`killed-at-${killedAt}`);
      cloud.forget();
      const killed = process(killedAt);
      void writeVolume(release, { snapshotId }, killed);
      await killed.dead;
      expect(models.get(snapshotId)?.direct?.sealed).toBe(false);

      expect(await writeVolume(release, { snapshotId }, process())).toEqual({ kind: "sealed" });
      expect(sorted(new Set(seen.taken))).toEqual(everyBlock);
      expect(seen.taken.length - blockCount).toBeLessThanOrEqual(windowBlocks);
      const repeated = seen.taken.filter((index, at) => seen.taken.indexOf(index) < at);
      const recorded = Math.floor(Math.max(0, killedAt - maxUnderWay) / recordedEveryBlocks) * recordedEveryBlocks;
      expect(repeated.filter((index) => index < recorded)).toEqual([]);
    }
  });

  it("tells which ranges a large volume is written in, and seals it once the ledger says that all are", async () => {
    const { process, release, start, seen } = cloud;
    const snapshotId = await start("test-2");
    const large = { ...release, artifact: { ...release.artifact, bytes: 700 * 1024 * 1024 } };
    const ranges = [
      { first: 0, end: 512 },
      { first: 512, end: 1024 },
      { first: 1024, end: 1401 },
    ];
    const progress = { snapshotId };
    expect(await writeVolume(large, progress, process())).toEqual({ kind: "fan-out", ranges });
    await process().ledger.parts.recordBlocks(snapshotId, 0, 512);
    await process().ledger.parts.recordBlocks(snapshotId, 512, 800);
    expect(await writeVolume(large, progress, process())).toEqual({ kind: "fan-out", ranges: ranges.slice(1) });
    expect(seen.taken).toEqual([]);
  });

  it("writes one range, of which S3 is asked for those bytes alone", async () => {
    const { process, release, start, seen } = cloud;
    const snapshotId = await start("test-3");
    const range = { first: 20, end: 100 };
    expect(await writeRange(release, range, { snapshotId }, process())).toMatchObject({ status: "ready" });
    expect(sorted(seen.taken)).toEqual(everyBlock.slice(20, 100));
    expect(seen.ranges).toEqual([`bytes=${19 * 524_288}-${99 * 524_288 - 1}`]);

    cloud.forget();
    expect(await writeRange(release, range, { snapshotId }, process())).toMatchObject({ status: "ready" });
    expect(seen.taken).toEqual([]);
  });

  it("asks with one block at a time while AWS does not know the snapshot, and gives up after two minutes", async () => {
    const { process, release, seen, clock } = cloud;
    const first = await writeVolume(release, { snapshotId: "snap-0123456789abcdef0" }, process());
    expect(first).toMatchObject({ kind: "unfinished", progress: { written: 0 } });
    expect(seen.sent).toEqual([0]);
    if (first.kind !== "unfinished") return;
    await clock.advance(140_000);
    await expect(writeVolume(release, first.progress, process())).rejects.toMatchObject({ name: "BakeFailedError" });
  });
});
