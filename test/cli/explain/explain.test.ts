import { expect, test } from "vitest";
import { whyText } from "../../../cli/commands/why.ts";
import { explain } from "../../../cli/explain/explain.ts";
import type { Present, PresentFleet } from "../../../cli/explain/present.ts";
import { emptyHead } from "../../../shared/domain/head.ts";
import { releaseWith } from "../support/releases.ts";

function fleet(generation: string, version: string, changes: Partial<PresentFleet> = {}): PresentFleet {
  return {
    generation,
    release: releaseWith({ generation, version }),
    group: { inService: 2, desired: 2, deleting: false },
    targetGroupArn: `group-${generation}`,
    health: { healthy: 2, total: 2, reasons: [] },
    ...changes,
  };
}

/** Two deploys have settled: the second serves, the first stands by. */
function settled(changes: Partial<Present> = {}): Present {
  return {
    service: "web",
    head: {
      ...emptyHead("web"),
      live: { generation: "web-000002", since: "2026-01-01T01:00:00.000Z" },
      standby: { generation: "web-000001", until: "2026-01-01T02:00:00.000Z" },
      kept: ["web-000001", "web-000002"],
    },
    lease: { owner: null, fence: 2, activeFrom: "2026-01-01T00:00:00.000Z" },
    ownerStatus: undefined,
    pendingStatus: undefined,
    unexplained: undefined,
    weights: [
      { targetGroupArn: "group-web-000002", weight: 1 },
      { targetGroupArn: "group-web-000001", weight: 0 },
    ],
    serving: "web-000002",
    fleets: [fleet("web-000002", "1.1.0"), fleet("web-000001", "1.0.0")],
    target: { generation: "web-000001", hot: true },
    wayBack: {
      provedAt: "2026-01-01T01:30:00.000Z",
      generation: "web-000001",
      promised: "hot",
      way: "hot",
      problems: [],
      measured: { hot: [9, 14, 11], cold: [] },
    },
    evidence: [
      { at: "2026-01-01T00:58:00.000Z", event: "validated", says: "2 of 2 targets healthy, 2 needed" },
      { at: "2026-01-01T00:59:00.000Z", event: "cut-over", says: "all requests go to it" },
    ],
    latest: undefined,
    plan: [],
    published: "web-000002",
    newerSpec: false,
    hold: undefined,
    ...changes,
  };
}

test("a settled service: what serves and why, a hot way back, nothing that differs", () => {
  const explained = explain(settled());
  expect(explained.differences).toEqual([]);
  expect(explained.underWay).toBeNull();
  expect(whyText(explained).split("\n")).toEqual([
    "web",
    "  serves     web-000002 (1.1.0) since 2026-01-01T00:59:00.000Z: 2 healthy of 2/2",
    "             2026-01-01T00:58:00.000Z  validated: 2 of 2 targets healthy, 2 needed",
    "             2026-01-01T00:59:00.000Z  cut-over: all requests go to it",
    "  rollback   to web-000001 (1.0.0), hot: its fleet stands with 2 healthy targets: one rule change",
    "  way back   hot to web-000001, about 11 s (proved 2026-01-01T01:30:00.000Z)",
    "  under way  nothing",
    "  deploys    may start now",
    "  by itself  web-000001 stays hot until 2026-01-01T02:00:00.000Z; the first sweep after that removes its fleet and keeps its image",
    "  differs    nothing: rule, fleets and ledger agree",
  ]);
});

test("a rollback is cold once the fleet is gone, and there is none without an earlier release", () => {
  const gone = fleet("web-000001", "1.0.0", { group: undefined, targetGroupArn: undefined });
  const cold = explain(
    settled({ fleets: [fleet("web-000002", "1.1.0"), gone], target: { generation: "web-000001", hot: false } }),
  );
  expect(cold.rollback).toMatchObject({ path: "cold", generation: "web-000001" });
  expect(cold.rollback.why).toContain("its fleet is gone, its image is kept");
  expect(explain(settled({ target: undefined })).rollback).toMatchObject({ path: "none", generation: null });
});

test("a rule that somebody moved back is reported", () => {
  const explained = explain(settled({ serving: "web-000001" }));
  expect(explained.serving?.generation).toBe("web-000001");
  expect(explained.differences).toEqual([
    "the production rule sends requests to web-000001, the ledger calls web-000002 live",
  ]);
});

test("a rule that leads to something unknown, and one that is gone, are reported", () => {
  const stranger = settled({ serving: undefined, weights: [{ targetGroupArn: "group-of-someone", weight: 1 }] });
  expect(explain(stranger)).toMatchObject({ serving: null });
  expect(explain(stranger).differences).toContain(
    "the production rule sends requests to group-of-someone, which belongs to no release that the ledger knows",
  );
  expect(explain(settled({ serving: undefined, weights: undefined })).differences).toContain(
    "the ledger calls web-000002 live, but the listener has no production rule of web",
  );
});

test("fleets that are not what the ledger says are reported, each with its number", () => {
  const weak = fleet("web-000002", "1.1.0", {
    group: { inService: 1, desired: 2, deleting: false },
    health: { healthy: 1, total: 2, reasons: ["i-1 unhealthy"] },
  });
  const gone = fleet("web-000001", "1.0.0", { group: undefined });
  expect(explain(settled({ fleets: [weak, gone], published: "web-000001" })).differences).toEqual([
    "Parameter Store says web-000001 is live, the ledger says web-000002",
    "live web-000002 has 1 of 2 instances in service",
    "live web-000002 has 1 of 2 targets healthy: i-1 unhealthy",
    "the ledger calls web-000001 standby, but its fleet is gone",
  ]);
});

test("what a running deploy explains is no difference; what a dead one left is", () => {
  const execution = "arn:execution";
  const { head } = settled();
  const pending = { ...head, pending: { execution, generation: "web-000003" } };
  const lease = { owner: execution, fence: 3, activeFrom: "2026-01-01T00:00:00.000Z" };
  const moving = {
    head: pending,
    lease,
    serving: "web-000003",
    fleets: [fleet("web-000003", "1.2.0"), ...settled().fleets],
  };
  const running = explain(settled({ ...moving, ownerStatus: "running", pendingStatus: "running" }));
  expect(running.differences).toEqual([]);
  expect(running.underWay).toEqual({
    generation: "web-000003",
    execution,
    status: "running",
    fence: 3,
    waitsFor: null,
    latest: null,
  });
  const latest = { at: "2026-01-01T00:00:00.000Z", event: "undecided", says: "about 900 more requests would tell" };
  expect(explain(settled({ ...moving, latest, pendingStatus: "running" })).underWay?.latest).toEqual(latest);
  const behind = settled({
    ...moving,
    lease: { ...lease, owner: "arn:other" },
    ownerStatus: "running",
    pendingStatus: "running",
  });
  expect(explain(behind).underWay).toMatchObject({ execution, fence: null, waitsFor: "arn:other" });
  expect(explain(behind).rollback.why).toContain("it stops arn:other first");

  const plan = [{ service: "web", generation: "web-000003", action: "recover", reason: "it has ended" } as const];
  const dead = explain(settled({ ...moving, ownerStatus: "ended", pendingStatus: "ended", plan }));
  expect(dead.differences).toEqual([
    "the production rule sends requests to web-000003, the ledger calls web-000002 live",
    "web-000003 is pending, but arn:execution has ended without settling",
    "the lease is held by arn:execution, which has ended",
  ]);
  expect(dead.byItself).toContain("the next sweep will recover web-000003: it has ended");
});

test("a pause is shown as what holds a deploy up, with who made it", () => {
  const paused = { by: "ann", at: "2026-01-01T00:00:00Z", reason: "looking at the graphs" };
  const { head } = settled();
  expect(explain(settled({ head: { ...head, paused } })).hold).toEqual({
    why: "ann paused it at 2026-01-01T00:00:00Z: looking at the graphs",
    until: null,
  });
  expect(explain(settled({ head: { ...head, paused: null } })).hold).toBeNull();
});

test("a service that was never deployed has nothing to explain, and nothing that differs", () => {
  const nothing = settled({
    head: emptyHead("web"),
    weights: undefined,
    serving: undefined,
    fleets: [],
    target: undefined,
    evidence: [],
    latest: undefined,
    published: undefined,
    lease: undefined,
  });
  const explained = explain(nothing);
  expect(explained).toMatchObject({ serving: null, underWay: null, byItself: [], differences: [] });
});

test("an experiment has no way back, and an end that comes by itself", () => {
  const experiment = { until: "2026-01-02T00:00:00.000Z", size: 1 };
  const live = { generation: "web.blue-000001", since: "2026-01-01T01:00:00.000Z" };
  const explanation = explain(
    settled({
      service: "web.blue",
      head: { ...emptyHead("web.blue"), live, kept: [live.generation], experiment },
      serving: live.generation,
      fleets: [fleet(live.generation, "blue")],
      weights: [{ targetGroupArn: `group-${live.generation}`, weight: 1 }],
      target: undefined,
      wayBack: undefined,
      published: undefined,
    }),
  );
  expect(explanation).toMatchObject({
    serving: { generation: "web.blue-000001" },
    rollback: { path: "none", why: expect.stringContaining("production is as it was") },
    differences: [],
    byItself: ["its time is over at 2026-01-02T00:00:00.000Z; a sweep then leaves nothing of it but its records"],
  });
  expect(whyText(explanation)).not.toContain("way back");
});
