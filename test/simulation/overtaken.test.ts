import { beforeAll, describe, expect, it } from "vitest";
import type { MixPlan } from "../../scripts/simulate/mix-plan.ts";
import { runMixPlan } from "../../scripts/simulate/random-mix.ts";
import type { Situation } from "../../scripts/simulate/scenarios.ts";
import type { PreparedStage, SimulatedStage } from "../../scripts/simulate/simulated-stage.ts";
import { at, prepared, push, rollback } from "./mixes.ts";

let begins: Record<Situation, PreparedStage>;

beforeAll(async () => {
  begins = await prepared();
}, 120_000);

/** Runs the plan; says how each rollback ended, and what was broken. */
async function ran(happenings: MixPlan["happenings"], faults: MixPlan["faults"], seed: number) {
  const ends: string[] = [];
  const see = (stage: SimulatedStage) => {
    ends.push(...stage.executions("rollback").map(({ status }) => status));
  };
  const plan: MixPlan = { seed, begins: "two services", happenings, faults };
  const { problems } = await runMixPlan(plan, begins["two services"], { see });
  return { ends, problems };
}

describe("a rollback that a deploy overtakes", () => {
  it("leaves no trial rule at the standby when it was stopped and the sweep after it was denied a read", async () => {
    const { ends, problems } = await ran(
      [
        at(0, push("101-healthy")),
        at(9, { do: "push", service: "api", version: "102-healthy" }),
        at(193, { do: "answer", service: "web", approved: true }),
        at(211, { do: "lose-instance", which: 0.9434068500995636 }),
        at(300, rollback),
        at(435, { do: "stop", which: 0.36096395063214004, whileSlow: false }),
        at(532, push("109-unhealthy")),
      ],
      [
        { at: "nobody 1 reap s3:GetObject 1", kind: "timed-out" },
        { at: "nobody 1 reap s3:GetObject 9", kind: "timed-out" },
        { at: "nobody 1 reap s3:GetObject 12", kind: "crash" },
        { at: "deploy 2 bake s3:GetObject 2", kind: "unavailable" },
        { at: "nobody 1 reap elasticloadbalancing:DescribeRules 3", kind: "denied" },
      ],
      6409,
    );
    expect(problems).toEqual([]);
    expect(ends).toEqual(["ABORTED"]);
  }, 60_000);

  it("goes back to what served before that deploy when it moves traffic while the rollback chooses", async () => {
    const { ends, problems } = await ran(
      [
        at(0, { do: "begin", machine: "Deploy", input: { service: "web", version: "1" } }),
        at(217, { do: "deliver-again", which: 0.18072037142701447 }),
        at(340, { do: "begin", machine: "Deploy", input: { service: "web", version: "1" } }),
        at(531, push("104-healthy")),
        at(533, push("105-crashing")),
        at(543, push("107-healthy")),
        at(557, push("108-healthy")),
        at(568, { do: "overwrite", service: "web", version: "107-healthy", build: "9" }),
        at(804, push("110-healthy")),
        at(850, push("111-healthy")),
        at(864, rollback),
      ],
      [
        { at: "deploy 8 admit ec2:DescribeSecurityGroups 1", kind: "denied" },
        { at: "deploy 7 launch ec2:DescribeImages 2", kind: "denied" },
        { at: "deploy 9 admit ec2:DescribeImages 1", kind: "timed-out" },
        { at: "deploy 9 launch s3:GetObject 1", kind: "slow" },
        { at: "deploy 9 bake ec2:RegisterImage 1", kind: "slow" },
        { at: "rollback 1 admit elasticloadbalancing:DescribeTargetGroups 4", kind: "slow" },
      ],
      7037,
    );
    expect(problems).toEqual([]);
    expect(ends).toEqual(["SUCCEEDED"]);
  }, 60_000);
});
