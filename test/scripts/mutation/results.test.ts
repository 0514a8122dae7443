import { expect, it } from "vitest";
import { merged, rowsOf, scoreOf } from "../../../scripts/mutation/results.ts";

const row = (file: string, mutants: number, killed: number) => ({ file, mutants, killed });

it("counts as noticed what a test failed on or did not end on, and leaves out what says nothing", () => {
  const statuses = ["Killed", "Timeout", "Survived", "NoCoverage", "Ignored", "CompileError"];
  const report = { files: { "a.ts": { mutants: statuses.map((status) => ({ status })) } } };
  expect(rowsOf(report)).toEqual([row("a.ts", 4, 2)]);
});

it("keeps what was measured before, but for files that were measured anew or are gone", () => {
  const before = [row("shared/domain/lease.ts", 9, 1), row("shared/domain/pins.ts", 5, 5), row("no/such.ts", 1, 1)];
  expect(merged(before, [row("shared/domain/lease.ts", 10, 9)])).toEqual([
    row("shared/domain/lease.ts", 10, 9),
    row("shared/domain/pins.ts", 5, 5),
  ]);
});

it("weighs files by their mutants", () => {
  expect(scoreOf([row("a.ts", 10, 10), row("b.ts", 30, 15)])).toBe(62.5);
  expect(scoreOf([])).toBe(100);
});
