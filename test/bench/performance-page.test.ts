import { expect, it } from "vitest";
import { benches } from "../../bench/benches.ts";
import { median } from "../../bench/measurement.ts";
import { type BenchResult, benchNames, figureRow, performancePage } from "../../scripts/documents/performance-page.ts";

const result: BenchResult = {
  name: "bundles",
  title: "Bundles of the handlers",
  measuredAt: "2026-11-23T05:00:00.000Z",
  machine: { node: "24.1.0", system: "linux x64", cores: 2 },
  settings: { loads: 7 },
  figures: [
    { name: "Largest bundle", value: 348.44, unit: "kB", atMost: 150 },
    { name: "Calls", value: 60, unit: "", atMost: 60 },
    { name: "Slowest to load", value: 39.96, unit: "ms" },
  ],
  tables: [{ title: "Each handler", header: ["Handler", "Load, ms"], rows: [["bake", "40.0"]] }],
  notes: ["A busy machine stretches the time."],
};

it("says of each aim whether it is met, and nothing where there is no aim", () => {
  expect(result.figures.map(figureRow)).toEqual([
    ["Largest bundle", "348 kB", "≤ 150", "missed"],
    ["Calls", "60", "≤ 60", "met"],
    ["Slowest to load", "40 ms", "", ""],
  ]);
});

it("shows where and how each benchmark was measured, and how to measure it again", () => {
  const page = performancePage([result]);
  expect(page).toContain("2026-11-23, Node 24.1.0, linux x64, 2 cores; loads 7.");
  expect(page).toContain("| bake | 40.0 |");
  expect(page).toContain("Measure again: `npm run bench -- bundles`.");
});

it("has no section for what was never measured", () => {
  expect(performancePage([])).not.toContain("##");
});

it("offers the benchmarks in the order of the page", () => {
  expect(benches.map(({ name }) => name)).toEqual(
    benchNames.filter((name) => benches.some((one) => one.name === name)),
  );
});

it("takes the middle value, or the mean of the two in the middle, and refuses to invent one", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 2, 9])).toBe(3);
  expect(() => median([])).toThrow(RangeError);
});
