import { expect, it } from "vitest";
import { isSentence } from "../../../scripts/mutation/sentences.ts";

const literal = (value: string) => ({ type: "StringLiteral", value });
const template = (texts: string[], type: string) => ({
  type: "TemplateLiteral",
  quasis: texts.map((raw) => ({ value: { raw } })),
  expressions: texts.slice(1).map(() => ({ type })),
});

it("leaves sentences out, and changes names, keys and values", () => {
  expect(isSentence(literal("nothing needs it"))).toBe(true);
  for (const name of ["drop", "kiln:stage", "two words", ""]) expect(isSentence(literal(name)), name).toBe(false);
});

it("leaves a composed sentence out unless something is computed in it", () => {
  expect(isSentence(template(["", " of ", " images are needed by nobody"], "Identifier"))).toBe(true);
  expect(isSentence(template(["", " of ", " images are needed by nobody"], "ConditionalExpression"))).toBe(false);
  expect(isSentence(template(["kiln/", "/", ""], "Identifier"))).toBe(false);
});

it("leaves everything else to be changed", () => {
  expect(isSentence({ type: "NumericLiteral", value: 1 })).toBe(false);
});
