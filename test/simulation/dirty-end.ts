import { expect } from "vitest";
import type { SimulatedStage } from "../../scripts/simulate/simulated-stage.ts";

/** A deploy that fails and may not remove its image: it ends dirty. */
export async function dirtyEnd(stage: SimulatedStage): Promise<void> {
  const { kernel } = stage.cloud;
  const judge = kernel.judge;
  kernel.judge = (caller, requirement) =>
    requirement.action === "ec2:DeregisterImage" ? "because a test says so" : judge(caller, requirement);
  const run = await stage.deploy("web", "2-unhealthy");
  expect(stage.path(run.arn).at(-1)).toBe("FailedDirty");
  kernel.judge = judge;
  await stage.idle();
}
