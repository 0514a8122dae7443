import { expect, test } from "vitest";
import { releasesText } from "../../../cli/commands/releases.ts";
import { statusText } from "../../../cli/commands/status.ts";
import { planText } from "../../../cli/commands/sweep.ts";

test("a dry run prints one line for each thing with its reason", () => {
  const plan = [
    { service: "web", generation: "web-000003", action: "recover", reason: "its execution x has ended" },
    { service: "api", generation: "", action: "free", reason: "the lease is held by y" },
  ] as const;
  expect(planText(plan)).toBe("recover  web-000003  its execution x has ended\nfree     api  the lease is held by y");
  expect(planText([])).toBe("nothing to sweep");
});

test("releases are a table, with the cause of a failure below its release", () => {
  const common = { createdAt: "2026-01-01T00:00:00.000Z", imageDigest: "d" };
  const text = releasesText([
    { ...common, generation: "web-000002", version: "1.1.0", state: "gone", lastEvent: "failed", cause: "X: it exits" },
    { ...common, generation: "web-000001", version: "1.0.0", state: "live", lastEvent: "live" },
  ]);
  expect(text.split("\n")).toEqual([
    "GENERATION  VERSION  STATE  LAST    CREATED",
    "web-000002  1.1.0    gone   failed  2026-01-01T00:00:00.000Z",
    "    X: it exits",
    "web-000001  1.0.0    live   live    2026-01-01T00:00:00.000Z",
  ]);
});

test("status says which fleet gets requests and what is under way", () => {
  const fleet = { version: "1.1.0", instances: 2, wanted: 2, healthy: 2, drainSeconds: 30, stopSeconds: 20, time: "" };
  const text = statusText("dev", [
    {
      service: "web",
      url: "http://127.0.0.1:8080",
      fleets: [
        { ...fleet, role: "live", generation: "web-000002", weight: 1 },
        { ...fleet, role: "standby", generation: "web-000001", weight: 0 },
        {
          ...fleet,
          role: "candidate",
          generation: "web-000003",
          weight: undefined,
          healthy: 0,
          drainSeconds: undefined,
        },
      ],
      underWay: "arn:e",
      unexplained: undefined,
      cost: {
        asOf: "2026-11-23",
        sources: [],
        perDay: [
          { what: "live", generations: ["web-000002"], dollarsPerDay: 1.072, unknown: null },
          { what: "kept images", generations: ["web-000001", "web-000002"], dollarsPerDay: 0.0016, unknown: null },
        ],
        deploy: { dollars: null, unknown: "the prices of sa-east-1 are not in Kiln's table" },
      },
      notes: [],
    },
  ]);
  expect(text.split("\n")).toEqual([
    "web  http://127.0.0.1:8080",
    "  live       web-000002  1.1.0  2 healthy of 2/2  gets requests    drains 30 s, stops within 20 s",
    "  standby    web-000001  1.1.0  2 healthy of 2/2  no requests      drains 30 s, stops within 20 s",
    "  candidate  web-000003  1.1.0  0 healthy of 2/2  not in the rule",
    "  under way  arn:e",
    "  costs      live $1.07, 2 kept images $0.0016 a day; a deploy adds unknown (the prices of sa-east-1 are not in Kiln's table)  (list prices of 2026-11-23)",
  ]);
  expect(statusText("dev", [])).toContain("has no service yet");
});
