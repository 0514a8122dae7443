import { expect, it } from "vitest";
import { semantics, semanticTests, semanticTestsIn } from "../../scripts/documents/semantics.ts";

it.each(semantics)("a test holds the embedded cloud to: %s", (semantic) => {
  expect(semanticTests().some((one) => one.semantic === semantic)).toBe(true);
});

it("a test stands for no semantic that the list does not have", () => {
  expect(semanticTests().filter(({ semantic }) => !semantics.includes(semantic))).toEqual([]);
});

it("the comment above a test says what it stands for, on as many lines as it takes, and may say it twice", () => {
  const source = [
    "  // Semantic: unique names. Source: API reference of A,",
    "  // B. Semantic: draining. Source: guide, C: d.",
    '  it("holds", () => {',
    "  // Semantic: nothing. Source: nowhere.",
    "  const x = 1;",
  ].join("\n");
  expect(semanticTestsIn("a.test.ts", source)).toEqual([
    { semantic: "unique names", source: "API reference of A, B", file: "a.test.ts", title: "holds" },
    { semantic: "draining", source: "guide, C: d", file: "a.test.ts", title: "holds" },
  ]);
});
