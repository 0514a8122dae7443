import { expect, test } from "vitest";
import { evidenceOf } from "../../../cli/explain/evidence.ts";

const at = "2026-01-01T00:00:00.000Z";
const says = (event: string, evidence: object) => evidenceOf({ event, at, execution: "arn:e", ...evidence }).says;

test.each([
  [
    "validated",
    { health: "2 of 2 healthy", reports: [{ check: "probes", verdict: "pass", reason: "3 of 3 right" }] },
    "2 of 2 healthy; probes: 3 of 3 right",
  ],
  [
    "cut-over",
    { toHealth: { healthy: 2, total: 2 }, needed: 2 },
    "all requests go to it: 2 of 2 targets healthy, 2 needed",
  ],
  [
    "cut-over-1",
    { toHealth: { healthy: 2, total: 2 }, needed: 2, percent: 25 },
    "25 % of the requests go to it: 2 of 2 targets healthy, 2 needed",
  ],
  ["observation-failed", { reason: "alarms: errors is red" }, "it did not hold: alarms: errors is red"],
  ["undecided-1", { reason: "errors: 0 of 9" }, "nobody knows yet how it compares with live: errors: 0 of 9"],
  ["judged", { verdict: "pass", reason: "errors: 0 of 9" }, "it compares well with live: errors: 0 of 9"],
  ["judged", { verdict: "inconclusive", reason: "x" }, "it goes on without a verdict, as its spec wants: x"],
  ["judged", { verdict: "pass", reason: "x", decides: false }, "it compares well with live: x"],
  [
    "judged-1",
    { verdict: "fail", reason: "x", decides: false },
    "it compares badly with live, and goes on, for the judge does not decide: x",
  ],
  [
    "judged",
    { verdict: "inconclusive", reason: "x", decides: false },
    "nobody knows how it compares with live, and goes on, for the judge does not decide: x",
  ],
  [
    "approval-asked",
    { until: at, cost: "$0.12", pricesOf: "2026-11-23" },
    `it waits for kiln approve or kiln reject until ${at}; the deploy costs at least $0.12 (list prices of 2026-11-23)`,
  ],
  ["approval-asked", { until: at }, `it waits for kiln approve or kiln reject until ${at}`],
  ["approved", { approved: { by: "ann", reason: "looked at it" } }, "approved by ann: looked at it"],
  ["approved", { approved: { by: "ann", reason: "" } }, "approved by ann"],
  ["live", { standby: null }, "it is live, nothing stands by"],
  ["failed", { failure: { error: "X", cause: "it exits" } }, "X: it exits"],
  ["failed", { failure: null }, "it failed, and nothing of it is left"],
  ["restored", { live: "web-000001" }, "requests went back to web-000001"],
])("%s says what it found", (event, evidence, expected) => {
  expect(says(event, evidence)).toBe(expected);
});

test("a kind that is not known yet is shown as it stands, in one line of bounded length", () => {
  expect(says("noticed", { by: "ann" })).toBe('{"by":"ann"}');
  expect(says("noticed", {})).toBe("");
  expect(says("noticed", { text: "a\n".repeat(500) })).toHaveLength(300);
});
