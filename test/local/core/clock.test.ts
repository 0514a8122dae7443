import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { PacedClock, VirtualClock } from "../../../local/core/clock.ts";
import { Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

it("goes on from the modelled time of the last write, since a fast cloud is ahead of the wall clock", () => {
  const stateDirectory = mkdtempSync(join(tmpdir(), "kiln-clock-"));
  directories.push(stateDirectory);
  const ahead = new VirtualClock(Date.UTC(2040, 0, 1));
  const first = new Kernel(settingsWith({ stateDirectory }), ahead);
  expect(first.lastWrittenMs).toBeUndefined();
  first.store.collection("test.things").put("a", { made: true });
  first.store.close();

  const second = new Kernel(settingsWith({ stateDirectory }), new VirtualClock());
  expect(second.lastWrittenMs).toBe(Date.UTC(2040, 0, 1));
  second.store.close();
});

it("never moves a paced clock back, and moves it forward only when it is behind", () => {
  const clock = new PacedClock(1, 1_000_000);
  clock.notBefore(500_000);
  expect(clock.now()).toBeGreaterThanOrEqual(1_000_000);
  expect(clock.now()).toBeLessThan(1_100_000);
  clock.notBefore(2_000_000);
  expect(clock.now()).toBeGreaterThanOrEqual(2_000_000);
});
