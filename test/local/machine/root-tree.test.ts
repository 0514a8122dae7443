import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeRoot } from "../../../local/machine/root-tree.ts";

/** Linux's memory file system, which is another one than that of the temporary directory on most hosts. */
const memory = "/dev/shm";
const hasTwoFileSystems = existsSync(memory) && statSync(memory).dev !== statSync(tmpdir()).dev;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kiln-root-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function deviceOf(volume: string): Promise<string> {
  const root = join(directory, "root");
  const disks = [{ name: "nvme0n1", file: volume }];
  await makeRoot({ root, commands: ["cat"], disks, socket: join(directory, "init.sock"), hasOwnRoot: false });
  return join(root, "dev/nvme0n1");
}

it("has the volume's own bytes as its device, also at the next boot", async () => {
  const volume = join(directory, "volume");
  writeFileSync(volume, "before");
  await deviceOf(volume);
  const device = await deviceOf(volume);
  writeFileSync(volume, "after");
  expect(readFileSync(device, "utf8")).toBe("after");
  expect(statSync(device).ino).toBe(statSync(volume).ino);
});

it.runIf(hasTwoFileSystems)("has them also where the volumes are on another file system", async () => {
  const elsewhere = mkdtempSync(join(memory, "kiln-root-"));
  try {
    const volume = join(elsewhere, "volume");
    writeFileSync(volume, "before");
    await deviceOf(volume);
    const device = await deviceOf(volume);
    writeFileSync(device, "after");
    expect(readFileSync(volume, "utf8")).toBe("after");
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
});
