import { describe, expect, it } from "vitest";
import type { MixPlan } from "../../../scripts/simulate/mix-plan.ts";
import { shrink } from "../../../scripts/simulate/shrink.ts";

const plan: MixPlan = {
  seed: 1,
  begins: "one release",
  happenings: Array.from({ length: 6 }, (_, index) => ({ do: "grow", service: "web", atSeconds: index })),
  faults: Array.from({ length: 16 }, (_, index) => ({ at: `deploy 1 admit s3:GetObject ${index}`, kind: "crash" })),
};

/** Fails where these are in the plan together; counts how often it was asked. */
function failing(happenings: readonly number[], faults: readonly number[]) {
  const asked = { times: 0 };
  const fails = async (smaller: MixPlan) => {
    asked.times += 1;
    const struck = smaller.faults === "drawn" ? [] : smaller.faults.map(({ at }) => at);
    return (
      happenings.every((second) => smaller.happenings.some(({ atSeconds }) => atSeconds === second)) &&
      faults.every((index) => struck.includes(`deploy 1 admit s3:GetObject ${index}`))
    );
  };
  return { asked, fails };
}

describe("the smallest plan that fails", () => {
  it("has exactly what is needed, in its order", async () => {
    const small = await shrink(plan, failing([1, 4], [0, 15]).fails, 2, 1000);
    expect(small.happenings.map(({ atSeconds }) => atSeconds)).toEqual([1, 4]);
    expect(small.faults).toEqual([plan.faults[0], plan.faults[15]]);
    expect(small).toMatchObject({ seed: 1, begins: "one release" });
  });

  it("is empty when nothing is needed for it to fail", async () => {
    const small = await shrink(plan, failing([], []).fails, 2, 1000);
    expect(small).toMatchObject({ happenings: [], faults: [] });
  });

  it("is what was found until then when its tries are used up", async () => {
    const { asked, fails } = failing([2], [3]);
    const small = await shrink(plan, fails, 2, 6);
    expect(asked.times).toBeLessThanOrEqual(7);
    expect(small.happenings.map(({ atSeconds }) => atSeconds)).toContain(2);
    expect(small.faults.length).toBeLessThan(16);
  });

  it("is the same however many plans are run at a time", async () => {
    const alone = await shrink(plan, failing([5], [7, 8]).fails, 1, 1000);
    expect(await shrink(plan, failing([5], [7, 8]).fails, 4, 1000)).toEqual(alone);
  });

  it("is refused of a plan whose faults are still to be drawn", async () => {
    await expect(shrink({ ...plan, faults: "drawn" }, async () => true, 1, 1)).rejects.toThrow("faults are listed");
  });
});
