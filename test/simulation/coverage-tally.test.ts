import { expect, it } from "vitest";
import { CoverageTally, coverageLines } from "../../scripts/simulate/coverage-tally.ts";
import { faultKinds } from "../../scripts/simulate/faults.ts";

it("counts what any run reached, and names the rest", () => {
  const tally = new CoverageTally(["state deploy Admit", "state deploy Live", "catch deploy Admit 0"]);
  tally.add({ covered: ["state deploy Admit"], calls: ["settle s3:PutObject"] });
  tally.add({ covered: ["fault settle s3:PutObject crash", "state deploy Admit"], calls: ["settle s3:PutObject"] });
  const { state, retry, catch: caught, fault } = tally.result();
  expect(state).toEqual({ covered: 1, of: 2, missing: ["deploy Live"] });
  expect(retry).toEqual({ covered: 0, of: 0, missing: [] });
  expect(caught).toEqual({ covered: 0, of: 1, missing: ["deploy Admit 0"] });
  expect(fault).toMatchObject({ covered: 1, of: faultKinds.length });
  expect(fault.missing).not.toContain("settle s3:PutObject crash");
  expect(coverageLines(tally.result())).toContain("  not: state deploy Live");
});
