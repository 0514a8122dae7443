import { randomBytes } from "node:crypto";
import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { rangesOf } from "../../shared/domain/block-ranges.ts";
import { volumeOf } from "../../shared/volume-of-release.ts";
import { readLogs } from "./support/logs.ts";
import { examples } from "./support/visitor.ts";
import { openWorld, type World } from "./support/world.ts";

/** More than one invocation of bake writes. Unit: MiB. */
const dataMebibytes = 300;

let world: World;
/** Blocks that EBS took from the bake function, and those it refused because they came too fast. */
const puts = { taken: 0, refused: 0 };

beforeAll(async () => {
  world = await openWorld({
    watch: ({ cloud }) => {
      // A small quota, less than the first blocks under way of two ranges; it lets 200 through in a real second.
      cloud.kernel.settings.blockRequestsPerSecond = 10;
      cloud.kernel.on("call.answered", ({ operation, caller, error }) => {
        if (operation !== "PutSnapshotBlock" || caller.name !== "kiln-dev-bake") return;
        if (!error) puts.taken += 1;
        if (error?.code === "RequestThrottledException") puts.refused += 1;
      });
    },
  });
});

afterAll(() => world?.close());

it("bakes a large artifact in ranges, at the pace of the account's quota, in memory that does not grow with it", async () => {
  const directory = join(world.directory, "program");
  await cp(examples.web, directory, { recursive: true });
  await writeFile(join(directory, "data"), randomBytes(dataMebibytes * 1024 * 1024));
  const ended = await world.ended(await world.push("2.0.0", directory));

  expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
  expect(ended.path.filter((state) => /Bake|Write|Launch/.test(state))).toEqual([
    "BakeImage",
    "WriteRanges",
    "WriteRange",
    "BakeImage",
    "LaunchFleet",
  ]);
  await world.answers("2.0.0");

  const release = await world.stage.ledger.release("web", "web-000001");
  if (!release) throw new Error("there is no release");
  const { blockCount } = volumeOf(release);
  expect(rangesOf(blockCount).length).toBeGreaterThan(1);
  expect(puts.taken).toBeGreaterThanOrEqual(blockCount);
  // A turn that AWS ended by refusing too often writes a few blocks again; most blocks are neither refused nor repeated.
  expect(puts.taken).toBeLessThan(blockCount * 1.25);
  expect(puts.refused).toBeGreaterThan(0);
  expect(puts.refused).toBeLessThan(blockCount);

  const logs = await readLogs(world.stage.connection, ["/aws/lambda/kiln-dev-bake", "/aws/lambda/kiln-dev-admit"]);
  const peaks = [...logs.values()].join("\n").matchAll(/Max Memory Used: (\d+) MB/g);
  const mebibytes = [...peaks].map(([, used]) => Number(used));
  expect(mebibytes.length).toBeGreaterThan(3);
  expect(Math.max(...mebibytes)).toBeLessThan(dataMebibytes);
});
