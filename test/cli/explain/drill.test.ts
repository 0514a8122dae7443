import { expect, test } from "vitest";
import { drillText, rehearsedText } from "../../../cli/explain/drill.ts";
import type { DrillResult } from "../../../shared/domain/drill.ts";

const noon = Date.parse("2026-01-01T12:00:00Z");
const result: DrillResult = {
  generation: "web-000001",
  live: "web-000002",
  verdict: "pass",
  why: "12 of 12 requests answered well",
  percent: 1,
  at: new Date(noon).toISOString(),
  backSeconds: 4,
  wholeSeconds: 130,
};

test.each([
  [30_000, "rehearsed just now with web-000001, back in 4 s"],
  [60_000, "rehearsed 1 minute ago with web-000001, back in 4 s"],
  [7_300_000, "rehearsed 2 hours ago with web-000001, back in 4 s"],
  [3 * 86_400_000, "rehearsed 3 days ago with web-000001, back in 4 s"],
])("status says how long ago the rollback was rehearsed, and how long it took (%i ms)", (ms, text) => {
  expect(rehearsedText(result, noon + ms)).toBe(text);
});

test("a drill that did not pass says why", () => {
  const inconclusive = { ...result, verdict: "inconclusive", why: "no request fell to it" } as const;
  expect(rehearsedText(inconclusive, noon)).toBe(
    "rehearsed just now with web-000001, back in 4 s, inconclusive: no request fell to it",
  );
  const failed = { ...result, verdict: "fail", why: "it had 0 of 2 healthy targets" } as const;
  expect(rehearsedText(failed, noon)).toBe("DRILL FAILED just now with web-000001: it had 0 of 2 healthy targets");
});

test("the command says what the standby had, and when it got nothing", () => {
  expect(drillText(result)).toBe("web-000001 had 1 % of the requests, back in 4 s: 12 of 12 requests answered well");
  const { backSeconds: _backSeconds, ...ended } = { ...result, why: "its execution ended before the drill did" };
  expect(drillText(ended)).toBe("web-000001 got no share: its execution ended before the drill did");
});
