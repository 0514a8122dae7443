import { beforeAll, describe, expect, it } from "vitest";
import { type Audit, auditPermissions } from "../../scripts/permissions/audit.ts";

let audit: Audit;

beforeAll(async () => {
  audit = await auditPermissions();
});

describe("the roles of a stage, when every machine went every way", () => {
  it("were asked for nothing that they do not allow", () => {
    expect(audit.refused).toEqual([]);
  });

  it("allow nothing that is never exercised, unless a comment beside it says why", () => {
    expect(audit.allowed.length).toBeGreaterThan(150);
    expect(audit.unused.length).toBeLessThan(audit.allowed.length / 2);
    expect(audit.unused.filter(({ why }) => why === "").map(({ role, action }) => `${role} ${action}`)).toEqual([]);
  });
});
