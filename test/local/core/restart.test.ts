import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { VirtualClock } from "../../../local/core/clock.ts";
import { Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";

describe("randomness", () => {
  it("is the same for the same seed", () => {
    const draw = () => new Kernel(settingsWith({ seed: 7 }), new VirtualClock()).random.uuid();
    expect(draw()).toBe(draw());
  });

  it("draws other ids after a restart than before it", async () => {
    const stateDirectory = await mkdtemp(join(tmpdir(), "kiln-core-"));
    onTestFinished(() => rm(stateDirectory, { recursive: true }));
    const drawn = new Set<string>();
    for (let start = 0; start < 3; start++) {
      const kernel = new Kernel(settingsWith({ stateDirectory }), new VirtualClock());
      await kernel.start();
      for (let draw = 0; draw < 20; draw++) drawn.add(kernel.random.hex(17));
      await kernel.stop();
    }
    expect(drawn.size).toBe(60);
  });
});
