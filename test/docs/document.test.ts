import { expect, it } from "vitest";
import { commentText, markdownTable, withSection } from "../../scripts/documents/document.ts";

const page = "above\n\n<!-- generated: list -->\n\nold\n\n<!-- end: list -->\n\nbelow\n";

it("replaces what stands between the marks and nothing else", () => {
  const written = withSection(page, "list", "new\n");
  expect(written).toBe("above\n\n<!-- generated: list -->\n\nnew\n\n<!-- end: list -->\n\nbelow\n");
  expect(withSection(written, "list", "new\n")).toBe(written);
});

it.each([
  ["no marks", "above\n"],
  ["only the first", "<!-- generated: list -->\n"],
  ["the marks twice", page + page],
])("refuses a page with %s", (_, text) => {
  expect(() => withSection(text, "list", "new")).toThrow('the marks "<!-- generated: list -->"');
});

it("keeps a cell in its column, whatever is in it", () => {
  expect(markdownTable(["a", "b"], [["x | y", "two\nlines"]])).toBe(
    "| a | b |\n| --- | --- |\n| x \\| y | two lines |",
  );
});

it("reads the sentences of a comment without its frame and its tags", () => {
  expect(commentText("/**\n * One\n * two.\n *\n * @throws {Error} never.\n */")).toBe("One two.");
});
