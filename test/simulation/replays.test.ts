import { beforeAll, describe, expect, it } from "vitest";
import { parseMixPlan } from "../../scripts/simulate/findings.ts";
import { drawPlan } from "../../scripts/simulate/mix-plan.ts";
import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import { runMix, runMixPlan } from "../../scripts/simulate/random-mix.ts";
import { type Situation, situations } from "../../scripts/simulate/scenarios.ts";
import { type PreparedStage, prepareStage, stageName } from "../../scripts/simulate/simulated-stage.ts";
import { Timeline } from "../../scripts/simulate/timeline.ts";

let begins: Record<Situation, PreparedStage>;

beforeAll(async () => {
  begins = await situations(await prepareStage(await packageInMemory(stageName)));
}, 120_000);

describe("the plan of a mix that was run", () => {
  it("gives the same run again, with the faults by their places instead of by chance", async () => {
    const { plan, hash, faults } = await runMix(3, begins[drawPlan(3).begins]);
    expect(faults).toBeGreaterThan(3);
    expect(plan.faults).toHaveLength(faults);
    const again = await runMixPlan(parseMixPlan(JSON.stringify(plan)), begins[plan.begins]);
    expect(again).toMatchObject({ hash, faults, problems: [] });
  }, 60_000);

  it("strikes the same calls when other faults are left out", async () => {
    const { plan } = await runMix(3, begins[drawPlan(3).begins]);
    const first = plan.faults.slice(0, 1);
    expect(first).toHaveLength(1);
    const alone = await runMixPlan(
      { ...plan, faults: plan.faults === "drawn" ? "drawn" : plan.faults.slice(0, 1) },
      begins[plan.begins],
    );
    expect(alone.plan.faults).toEqual(first);
  }, 60_000);

  it("is told line by line: what the world did, what was struck and what came of it", async () => {
    const timeline = new Timeline();
    await runMixPlan(
      {
        seed: 1,
        begins: "one release",
        happenings: [{ atSeconds: 5, do: "push", service: "web", version: "2" }],
        faults: [{ at: "deploy 1 cutover elasticloadbalancing:ModifyRule 1", kind: "crash" }],
      },
      begins["one release"],
      { timeline },
    );
    expect(timeline.lines[0]).toMatch(/^ +5\.00 s {2}world +push \{"service":"web","version":"2"\}$/);
    expect(timeline.lines.filter((line) => line.includes("ModifyRule 1 → crash"))).toHaveLength(1);
    expect(timeline.lines.join("\n")).not.toContain("DescribeRules");
    expect(timeline.lines.some((line) => /Step Functions .* SUCCEEDED/.test(line))).toBe(true);
  }, 60_000);
});
