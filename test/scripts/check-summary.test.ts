import { expect, test } from "vitest";
import { allSteps } from "../../scripts/check-steps.ts";
import { summaryOf } from "../../scripts/check-summary.ts";

const step = { passed: 4, failed: 0, seconds: 2 };

test("ends with a line for each step and the sum of all", () => {
  expect(
    summaryOf([
      { name: "types", ...step },
      { name: "lint", ...step, passed: 0, failed: 1, why: "exit code 1" },
    ]),
  ).toEqual([
    "ok     types      4 passed, 0 failed, 2 s",
    "FAILED lint       0 passed, 1 failed, 2 s (exit code 1)",
    "4 passed, 1 failed",
  ]);
});

test("names each failure once more, above the counts", () => {
  const failures = ["test/e2e/a.test.ts > a holds: \u001b[31mwaited 60 s\u001b[39m in vain"];
  expect(summaryOf([{ name: "e2e", ...step, failed: 1, failures }])[0]).toBe(
    "e2e: test/e2e/a.test.ts > a holds: waited 60 s in vain",
  );
});

test("stays within the last 25 lines of a log, however much has failed", () => {
  const failures = Array.from({ length: 9 }, (_, index) => `test ${index}: ${"x".repeat(1000)}`);
  const lines = summaryOf(allSteps.map(({ name }) => ({ name, ...step, failed: 9, failures })));
  expect(lines).toHaveLength(25);
  const named = lines.filter((line) => line.includes(": test ")).length;
  expect(lines[named]).toBe(`and ${9 * allSteps.length - named} more`);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(300);
});
