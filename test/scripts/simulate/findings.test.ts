import { describe, expect, it } from "vitest";
import { parseMixPlan } from "../../../scripts/simulate/findings.ts";
import { drawPlan } from "../../../scripts/simulate/mix-plan.ts";

describe("a plan of a mix", () => {
  it("can be written down and read again, whatever its seed draws", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const plan = drawPlan(seed);
      expect(parseMixPlan(JSON.stringify(plan))).toEqual(plan);
    }
  });

  it("is drawn from its seed alone", () => {
    expect(drawPlan(7)).toEqual(drawPlan(7));
    expect(drawPlan(7)).not.toEqual(drawPlan(8));
  });

  it("is refused with the place where it is wrong", () => {
    const plan = { ...drawPlan(1), faults: [{ at: "deploy 1 admit s3:GetObject 1", kind: "earthquake" }] };
    expect(() => parseMixPlan(JSON.stringify(plan))).toThrow(/no plan of a mix[\s\S]*faults/);
  });
});
