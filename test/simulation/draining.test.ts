import { beforeAll, describe, expect, it } from "vitest";
import { endStateProblems } from "../../scripts/simulate/end-state.ts";
import { type SimulatedStage, stageName } from "../../scripts/simulate/simulated-stage.ts";
import { targetGroupOf } from "../../shared/fleet-names.ts";
import { type LiveService, liveService } from "./live-service.ts";

let service: LiveService;

beforeAll(async () => {
  service = await liveService();
}, 120_000);

interface Seen {
  /** States of its targets, each once, in the order in which they came. */
  states: string[];
  /** Unit: milliseconds of modelled time, from the first target that drained to the last one's end. */
  drainedMs: number;
}

/** Watches what the load balancer does with the targets of a release, from now on. */
function watchTargets(stage: SimulatedStage, generation: string): Seen {
  const { store, clock } = stage.cloud.kernel;
  const seen: Seen = { states: [], drainedMs: 0 };
  let drainingSinceMs: number | undefined;
  stage.cloud.afterEvent = () => {
    const groups = store.collection<{ arn: string; name: string }>("elasticloadbalancing.groups").list();
    const group = groups.find(({ name }) => name === targetGroupOf(stageName, generation));
    const targets = store.collection<{ groupArn: string; state: string }>("elasticloadbalancing.targets").list();
    const own = targets.filter(({ groupArn }) => groupArn === group?.arn);
    for (const { state } of own) if (!seen.states.includes(state)) seen.states.push(state);
    if (own.some(({ state }) => state === "draining")) {
      drainingSinceMs ??= clock.now();
      seen.drainedMs = clock.now() - drainingSinceMs;
    }
  };
  return seen;
}

describe("a fleet that leaves", () => {
  it("drains for as long as its spec says when a later release takes its place as the standby", async () => {
    const stage = await service.open({ drainSeconds: 120 });
    expect((await stage.deploy("web", "2")).status).toBe("SUCCEEDED");
    expect((await stage.deploy("web", "3")).status).toBe("SUCCEEDED");
    const seen = watchTargets(stage, "web-000002");
    expect((await stage.deploy("web", "4")).status).toBe("SUCCEEDED");
    expect(seen.states).toEqual(["healthy", "draining"]);
    expect(seen.drainedMs).toBeGreaterThanOrEqual(110_000);
    await stage.settle();
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("drains when it got requests and failed, before anything of it is removed", async () => {
    const stage = await service.open({ drainSeconds: 120 });
    const seen = watchTargets(stage, "web-000002");
    expect(await stage.deploy("web", "2-fading")).toMatchObject({ status: "FAILED", error: "ObservationFailedError" });
    expect(seen.states).toContain("draining");
    expect(seen.states).not.toContain("unused");
    await stage.settle();
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });
});
