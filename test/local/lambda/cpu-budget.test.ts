import { expect, it } from "vitest";
import { CpuBudget, cpuShareOf } from "../../../local/lambda/cpu-budget.ts";

// Semantic: Lambda: CPU by memory. Source: Lambda developer guide, "Configure Lambda function memory": one vCPU at
// 1,769 MB.
it("gives a function the part of a processor that goes with its memory", () => {
  expect(cpuShareOf(1769)).toBe(1);
  expect(cpuShareOf(512)).toBeCloseTo(0.289, 3);
  expect(cpuShareOf(10_240)).toBeCloseTo(5.789, 3);
});

it("lets a program that computes all the time run for its share of it", () => {
  const budget = new CpuBudget(0.25, 20);
  let used = 0;
  let may = true;
  for (let look = 0; look < 1000; look++) {
    const usedMs = may ? 20 : 0;
    used += usedMs;
    may = budget.mayRun(20, usedMs);
  }
  expect(used / 20_000).toBeCloseTo(0.25, 2);
});

it("never holds a program that mostly waits, and saves nothing up for it", () => {
  const budget = new CpuBudget(0.25, 20);
  for (let look = 0; look < 1000; look++) expect(budget.mayRun(20, 4)).toBe(true);
  expect(budget.mayRun(20, 20)).toBe(false);
});
