import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applySpec } from "../../cli/commands/service-apply.ts";
import { projectDirectory } from "../../cli/kiln-directory.ts";
import { outputTo } from "../../cli/output.ts";
import { readSpecFile } from "../../cli/spec-file.ts";
import { askProgram, deployFile, forThisMachine } from "../e2e/programs/support/deployed-program.ts";
import { openWorld, type World } from "../e2e/support/world.ts";
import { writeLargeTar, writeLargeZip } from "./large-artifact.ts";
import { noiseFrom } from "./seeded-noise.ts";

const mebibyte = 1024 * 1024;
const silent = outputTo({ stdout: { write() {} }, stderr: { write() {} } }, false);
const host = "large.example.test";
const phases: string[] = [];

let world: World;

beforeAll(async () => {
  // Unpacking gigabytes takes real time, for which a faster cloud would leave less.
  world = await openWorld({ timeFactor: 6 });
  const spec = await readSpecFile(join(projectDirectory, "examples", "large", "kiln.yaml"));
  await applySpec(world.stage, forThisMachine(spec), silent);
});
afterAll(async () => {
  if (phases.length > 0) console.log(phases.join("\n"));
  await world?.close();
});

describe("a program with a large file", () => {
  it.each([
    { what: "500 MB in a .zip", ending: "zip", seed: 1, bytes: 500_000_000, write: writeLargeZip },
    { what: "3 GiB in a .tar.gz", ending: "tar.gz", seed: 2, bytes: 3 * 1024 * mebibyte, write: writeLargeTar },
  ])("goes live with $what and serves every part of it", async ({ what, ending, seed, bytes, write }) => {
    const file = join(world.directory, `${seed}.0.0.${ending}`);
    const startedMs = performance.now();
    await write(file, seed, bytes);
    const writtenMs = performance.now();
    const ended = await deployFile(world, "large", file);
    phases.push(
      `${what}: written in ${seconds(writtenMs - startedMs)}, live ${seconds(performance.now() - writtenMs)} after the push began`,
      ...ended.phases.map(
        ({ state, enteredMs, leftMs = enteredMs, turns }) =>
          `  ${state} ${seconds(leftMs - enteredMs)}, ${turns} turns`,
      ),
    );
    rmSync(file);
    expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });

    expect((await askProgram(world, { host, path: "/size" })).body.toString()).toBe(String(bytes));
    const end = bytes - (bytes % 16) - mebibyte;
    for (const first of [0, 250_000_000, end]) {
      const { body } = await askProgram(world, { host, path: `/bytes?first=${first}&last=${first + mebibyte - 1}` });
      expect(body.equals(Buffer.concat([...noiseFrom(seed, first, mebibyte)]))).toBe(true);
    }
  });
});

/** For the record: real seconds of writing and of the whole, the cloud's own of its states. */
function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
