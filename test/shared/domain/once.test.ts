import { describe, expect, it } from "vitest";
import type { CommandRun } from "../../../shared/domain/command-check.ts";
import { decideOnce, type OnceRecord, onceComment } from "../../../shared/domain/once.ts";

const claimed = Date.UTC(2026, 0, 1);
const record: OnceRecord = {
  generation: "web-000002",
  state: "sending",
  instanceId: "i-1",
  nonce: "f".repeat(32),
  execution: "arn:e",
  claimedAt: new Date(claimed).toISOString(),
};
const sent: OnceRecord = { ...record, state: "sent", commandId: "c-1" };
const run = (status: string, exitCode = -1): CommandRun => ({ instanceId: "i-1", status, exitCode, output: "" });
const later = (seconds: number) => claimed + seconds * 1000;

describe("a command that runs once", () => {
  it("is claimed when nobody did, and again only when Systems Manager had refused it", () => {
    expect(decideOnce(undefined, undefined, 60, claimed)).toEqual({ kind: "claim" });
    expect(decideOnce({ ...record, state: "refused" }, undefined, 60, later(1))).toEqual({ kind: "claim" });
  });

  it("is looked for as long as its claimer may live, then nobody knows; it is never claimed a second time", () => {
    expect(decideOnce(record, undefined, 60, later(239))).toEqual({ kind: "find" });
    expect(decideOnce(record, undefined, 60, later(240))).toMatchObject({ kind: "unknown" });
    expect(decideOnce(record, undefined, 60, later(86_400))).toMatchObject({ kind: "unknown" });
  });

  it.each([
    [run("Success", 0), "done"],
    [run("Failed", 3), "failed"],
    [run("Failed", -1), "unknown"],
    [run("TimedOut"), "unknown"],
    [run("Cancelled"), "unknown"],
    [run("Undeliverable"), "unknown"],
    [run("InProgress"), "wait"],
    [run("Pending"), "wait"],
    [undefined, "wait"],
  ])("that stands at %j is %s", (seen, kind) => {
    expect(decideOnce(sent, seen, 60, later(10)).kind).toBe(kind);
  });

  it("is not waited for without end", () => {
    expect(decideOnce(sent, run("InProgress"), 60, later(359)).kind).toBe("wait");
    expect(decideOnce(sent, run("InProgress"), 60, later(360)).kind).toBe("unknown");
  });

  it("is found by a comment that SendCommand takes", () => {
    const longest = { generation: `${"a".repeat(24)}-000001`, nonce: "f".repeat(32) };
    expect(onceComment(longest).length).toBeLessThanOrEqual(100);
  });
});
