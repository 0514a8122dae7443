import { describe, expect, it } from "vitest";
import { decideLease, type Lease, leaseHolds, takeoverWaitSeconds } from "../../../shared/domain/lease.ts";

const nowMs = Date.parse("2026-01-01T12:00:00Z");
const held = (owner: string | null, fence = 7): Lease => ({ owner, fence, activeFrom: "2026-01-01T11:00:00.000Z" });

describe("the lease", () => {
  it("is taken at once when nobody ever held it", () => {
    expect(decideLease(undefined, "me", "unknown", nowMs)).toEqual({
      kind: "take",
      lease: { owner: "me", fence: 1, activeFrom: "2026-01-01T12:00:00.000Z" },
    });
  });

  it("raises the fence with every change of owner", () => {
    const decision = decideLease(held(null), "me", "unknown", nowMs);
    expect(decision).toMatchObject({
      kind: "take",
      lease: { owner: "me", fence: 8, activeFrom: "2026-01-01T12:00:00.000Z" },
    });
  });

  it("is kept by its owner, at the same fence, however often it asks", () => {
    expect(decideLease(held("me"), "me", "unknown", nowMs)).toEqual({
      kind: "held",
      lease: held("me"),
      waitSeconds: 0,
    });
  });

  it("tells its owner how long there is still to wait, in whole seconds", () => {
    const lease = { ...held("me"), activeFrom: new Date(nowMs + 20_500).toISOString() };
    expect(decideLease(lease, "me", "unknown", nowMs)).toEqual({ kind: "held", lease, waitSeconds: 21 });
  });

  it.each(["running", "unknown"] as const)("is not taken from an owner whose state is %s", (status) => {
    expect(decideLease(held("other"), "me", status, nowMs)).toEqual({ kind: "busy", owner: "other" });
  });

  it("is taken from a dead owner, but changes nothing until that owner's last call must have ended", () => {
    const decision = decideLease(held("other"), "me", "ended", nowMs);
    const activeFrom = new Date(nowMs + takeoverWaitSeconds * 1000).toISOString();
    expect(decision).toEqual({ kind: "take", lease: { owner: "me", fence: 8, activeFrom } });
  });

  it("passes on a wait that the one before it did not finish", () => {
    const activeFrom = "2026-01-01T12:00:20.000Z";
    const decision = decideLease({ owner: null, fence: 8, activeFrom }, "me", "unknown", nowMs);
    expect(decision).toMatchObject({ kind: "take", lease: { fence: 9, activeFrom } });
  });

  it("does not hold for a zombie of the same execution that took it at an older fence", () => {
    expect(leaseHolds(held("me", 8), "me", 7)).toBe(false);
    expect(leaseHolds(held("me", 7), "me", 7)).toBe(true);
    expect(leaseHolds(held("other", 7), "me", 7)).toBe(false);
    expect(leaseHolds(undefined, "me", 7)).toBe(false);
  });
});
