import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { atRealPace, PacedClock, VirtualClock } from "../../../local/core/clock.ts";
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

describe("a clock that runs twenty times as fast", () => {
  const paced = () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    return new PacedClock(20, 0);
  };
  afterEach(() => void vi.useRealTimers());

  it("passes as fast as real time while real work is going on, and no slower for two of it", () => {
    const clock = paced();
    vi.advanceTimersByTime(1000);
    expect(clock.now()).toBe(20_000);
    const first = clock.holdPace();
    const second = clock.holdPace();
    vi.advanceTimersByTime(1000);
    expect(clock.now()).toBe(21_000);
    first();
    first();
    expect(clock.pace).toBe(1);
    vi.advanceTimersByTime(1000);
    expect(clock.now()).toBe(22_000);
    second();
    expect([clock.pace, clock.factor]).toEqual([20, 20]);
    vi.advanceTimersByTime(1000);
    expect(clock.now()).toBe(42_000);
  });

  it("runs what waits at its modelled time, however the pace changed meanwhile", () => {
    const clock = paced();
    const ran: number[] = [];
    clock.at(30_000, () => ran.push(clock.now()));
    vi.advanceTimersByTime(1000);
    const release = clock.holdPace();
    vi.advanceTimersByTime(5000);
    release();
    expect(ran).toEqual([]);
    vi.advanceTimersByTime(250);
    expect(ran).toEqual([30_000]);
  });

  it("runs on when the work fails", async () => {
    const clock = paced();
    const paces: number[] = [];
    const work = async () => {
      paces.push(clock.pace);
      throw new Error("no disk");
    };
    await expect(atRealPace(clock, work)).rejects.toThrow("no disk");
    expect([...paces, clock.pace]).toEqual([1, 20]);
  });

  it("is not made faster by real work when it is slower than real time", () => {
    const clock = paced();
    clock.setFactor(0.5);
    clock.holdPace();
    expect(clock.pace).toBe(0.5);
  });
});
