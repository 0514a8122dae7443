import { describe, expect, it } from "vitest";
import { readProjectFile } from "../../../scripts/documents/document.ts";
import { plantedBugs } from "../../../scripts/planted/planted-bugs.ts";
import { patched } from "../../../scripts/planted/planted-code.ts";
import { isQuick, type PlantedRow, seedsMedian } from "../../../scripts/planted/results.ts";

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
  const row = (seeds: number, plans = 0, promise: string | null = "S1 never dark"): PlantedRow => ({
    id: "any",
    seeds,
    plans,
    promise,
  });

  it("counts the seeds of those that seeds found", () => {
    expect(seedsMedian([row(9), row(1), row(4), row(200, 8), row(200, 400, null)])).toBe(4);
  });

  it("calls quick what few seeds find", () => {
    expect([row(2), row(60), row(2, 3), row(2, 0, null)].map(isQuick)).toEqual([true, false, false, false]);
  });
});
