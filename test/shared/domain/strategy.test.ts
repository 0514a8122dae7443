import { describe, expect, it } from "vitest";
import { stepSeconds, trafficSteps } from "../../../shared/domain/strategy.ts";

const intervalSeconds = 60;

describe("the steps of a strategy", () => {
  it.each([
    { name: "all at once", deploy: { strategy: "all-at-once" as const }, steps: [100] },
    { name: "a canary", deploy: { strategy: "canary" as const }, steps: [10, 100] },
    {
      name: "a canary with steps",
      deploy: { strategy: "canary" as const, steps: [1, 25, 50] },
      steps: [1, 25, 50, 100],
    },
    { name: "linear", deploy: { strategy: "linear" as const }, steps: [20, 40, 60, 80, 100] },
    { name: "linear, not even", deploy: { strategy: "linear" as const, stepPercent: 30 }, steps: [30, 60, 90, 100] },
  ])("of $name are $steps", ({ deploy, steps }) => {
    expect(trafficSteps({ ...deploy, intervalSeconds })).toEqual(steps);
  });

  it("end at everything, whatever a linear deploy adds", () => {
    for (let stepPercent = 5; stepPercent <= 50; stepPercent++) {
      const steps = trafficSteps({ strategy: "linear", stepPercent, intervalSeconds });
      expect(steps.at(-1)).toBe(100);
      expect(steps.every((step, index) => step > (steps[index - 1] ?? 0))).toBe(true);
    }
  });

  it("are watched for the interval, the last one for the observation window", () => {
    const spec = { deploy: { strategy: "canary" as const, steps: [5, 50], intervalSeconds }, observeSeconds: 300 };
    expect([0, 1, 2].map((step) => stepSeconds(spec, step))).toEqual([60, 60, 300]);
  });
});
