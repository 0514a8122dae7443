import { describe, expect, it } from "vitest";
import { readProjectFile } from "../../../scripts/documents/document.ts";
import { plantedBugs } from "../../../scripts/planted/planted-bugs.ts";
import { patched } from "../../../scripts/planted/planted-code.ts";
import { type PlantedRow, readPlantedResults, seedsMedian, withRows } from "../../../scripts/planted/results.ts";

describe("the planted bugs", () => {
  it("are at least thirty, each with a name of its own and a public thread", () => {
    expect(plantedBugs.length).toBeGreaterThanOrEqual(30);
    expect(new Set(plantedBugs.map(({ id }) => id)).size).toBe(plantedBugs.length);
    for (const { thread } of plantedBugs) expect(thread).toMatch(/^https:\/\/[a-z.]+\/\S+\/\S+/);
  });

  it.each(plantedBugs)("replace what the handlers say today: $id", ({ patches }) => {
    for (const patch of patches) {
      const source = readProjectFile(patch.file);
      expect(patched(source, patch)).not.toBe(source);
    }
  });

  it("are in code that the simulation runs, and in no test or script", () => {
    const files = plantedBugs.flatMap(({ patches }) => patches.map(({ file }) => file));
    expect(files.filter((file) => !/^(functions|shared)\//.test(file))).toEqual([]);
  });
});

describe("a patch", () => {
  it("is refused when what it replaces is not there, or there twice", () => {
    const patch = { file: "functions/a.ts", find: "x", replace: "y" };
    expect(() => patched("a", patch)).toThrow("functions/a.ts has 0 of: x");
    expect(() => patched("x x", patch)).toThrow("functions/a.ts has 2 of: x");
    expect(patched("a x", patch)).toBe("a y");
  });
});

describe("the record", () => {
  const row = (id: string, seeds: number, plans = 0, promise: string | null = "S1 never dark"): PlantedRow => ({
    id,
    seeds,
    plans,
    promise,
    by: promise === null ? null : `seed ${seeds}`,
  });

  it("counts the seeds of those that seeds found", () => {
    const rows = [row("a", 9), row("b", 1), row("c", 4), row("d", 200, 8), row("e", 200, 400, null)];
    expect(seedsMedian(rows)).toBe(4);
  });

  it("keeps the lines of bugs that were not looked for, and forgets those of bugs that are no more", () => {
    const before = [row("gone", 1), row("kept", 2), row("again", 3)];
    expect(withRows(before, [row("again", 5)], ["again", "kept", "never tried"])).toEqual([
      row("again", 5),
      row("kept", 2),
    ]);
  });

  it("is of every bug, each of them found", () => {
    const rows = readPlantedResults()?.rows ?? [];
    expect(rows.map(({ id }) => id)).toEqual(plantedBugs.map(({ id }) => id));
    expect(rows.filter(({ promise }) => promise === null)).toEqual([]);
  });
});
