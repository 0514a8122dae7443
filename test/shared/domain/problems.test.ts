import { expect, test } from "vitest";
import * as z from "zod/mini";
import { inOneLine, problemsOf } from "../../../shared/domain/problems.ts";

const schema = z.strictObject({ steps: z.array(z.int()), name: z.string() });

function problemsIn(document: unknown) {
  const { error } = schema.safeParse(document);
  return error ? problemsOf(error) : [];
}

test("problems say where, list items by their place, and the whole by a word of its own", () => {
  expect(problemsIn({ steps: [1, "x"], name: "a" }).map(({ path }) => path)).toEqual(["steps.1"]);
  expect(problemsIn("x").map(({ path }) => path)).toEqual(["(top)"]);
  expect(problemsIn({ steps: [], name: "a" })).toEqual([]);
});

test("problems say what was expected, not only that something is wrong", () => {
  expect(problemsIn({ steps: [], name: 3 })[0]?.message).toContain("expected string");
});

test("problems stand in one line, each behind its path, those of the whole without one", () => {
  const problems = [
    { path: "(top)", message: "unknown key" },
    { path: "steps.1", message: "must rise" },
  ];
  expect(inOneLine(problems)).toBe("unknown key; steps.1: must rise");
  expect(inOneLine([])).toBe("");
});
