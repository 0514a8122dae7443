import { expect, test } from "vitest";
import type { Act } from "../../../cli/demo/demo.ts";
import { noLoad } from "../../../cli/demo/load-counts.ts";
import { screen, timeline } from "../../../cli/demo/screen.ts";

function act(title: string, end: string, phases: [state: string, seconds: number][]): Act {
  const all = [...phases, [end, 0] as const];
  return {
    title,
    outcome: {
      execution: `arn:${title}`,
      end,
      seconds: phases.reduce((sum, [, seconds]) => sum + seconds, 0),
      phases: all.map(([state, seconds]) => ({ state, seconds, atSeconds: 0, turns: 1, failures: 0 })),
    },
  };
}

const acts = [
  act("1.0.0", "Live", [
    ["Admit", 1.5],
    ["Settle", 2],
    ["RetireFleets", 10],
    ["Settle", 1],
  ]),
  act("back to 1.0.0", "RolledBack", [
    ["PreEmpt", 1],
    ["Settle", 2],
  ]),
];

test("the timeline has a row for each state and a column for each execution", () => {
  expect(timeline(acts)).toEqual([
    "              1.0.0  back to 1.0.0",
    "Admit           1.5              -",
    "Settle          3.0            2.0",
    "RetireFleets   10.0              -",
    "PreEmpt           -            1.0",
    "in all         14.5            3.0",
    "ended          Live     RolledBack",
  ]);
});

test("the screen says what was served, who answers, where things are and what to try", () => {
  const load = { ...noLoad, requests: 5000, byRelease: { "web-000001": 2000, "web-000002": 3000 } };
  const places = { endpoint: "http://127.0.0.1:4566", services: "http://127.0.0.1:8080", artifacts: "bucket" };
  const shown = { service: "web", acts, load };
  const text = screen(shown, "web-000002 (1.1.0)", places, true);
  expect(text).toContain("5000 served, 0 failed");
  expect(text).toContain("web-000001 2000, web-000002 3000; now web-000002 (1.1.0)");
  expect(text).toContain("http://127.0.0.1:4566");
  expect(text).toContain("npm run kiln -- rollback web");
  expect(text.split("\n").length).toBeLessThanOrEqual(40);
  expect(screen(shown, "web-000002", places, false)).not.toContain("try next");
});
