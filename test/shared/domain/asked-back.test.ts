import { describe, expect, it } from "vitest";
import { askedBackAt } from "../../../shared/domain/asked-back.ts";
import { emptyHead, type Head } from "../../../shared/domain/head.ts";

const time = "2026-01-01T10:00:00Z";

function head(kind: "rollback" | "upload", execution?: string): Head {
  const pending = execution === undefined ? null : { execution, generation: "web-000001" };
  return { ...emptyHead("web"), newestIntent: { kind, time, tieBreak: "exec-1" }, pending };
}

describe("the way back that is being settled", () => {
  it("was asked for when its machine says so, whatever took its place in the head meanwhile", () => {
    const askedAt = "2026-01-01T09:00:00Z";
    expect(askedBackAt({ execution: "exec-1", askedAt }, head("upload", "exec-2"))).toBe(askedAt);
    expect(askedBackAt({ execution: "exec-1", askedAt }, head("rollback", "exec-2"))).toBe(askedAt);
    expect(askedBackAt({ execution: "exec-1", askedAt }, emptyHead("web"))).toBe(askedAt);
  });

  it("was asked for when the head says so that a sweep has taken up, or has settled", () => {
    expect(askedBackAt({ execution: "sweep-1" }, head("rollback", "sweep-1"))).toBe(time);
    expect(askedBackAt({ execution: "sweep-1" }, head("rollback"))).toBe(time);
  });

  it("is none where a deploy is settled, beside a rollback that waits as well", () => {
    expect(askedBackAt({ execution: "exec-1" }, head("upload", "exec-1"))).toBeUndefined();
    expect(askedBackAt({ execution: "exec-1" }, head("rollback", "exec-2"))).toBeUndefined();
    expect(askedBackAt({ execution: "exec-1" }, emptyHead("web"))).toBeUndefined();
  });
});
