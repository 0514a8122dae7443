import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { patternCovers, patternsMeet } from "../../../shared/domain/route-patterns.ts";

const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 6 });
const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 });

/** ELBv2's meaning of a pattern, by the language's own regular expressions. */
function fits(of: string, what: string): boolean {
  return new RegExp(`^${of.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(what);
}

describe("a pattern", () => {
  it("covers another only when it fits every text that the other one fits", () => {
    fc.assert(
      fc.property(pattern, pattern, text, (wide, narrow, what) => {
        if (patternCovers(wide, narrow) && fits(narrow, what)) expect(fits(wide, what)).toBe(true);
      }),
    );
  });

  it("meets every other that fits a text which it fits too", () => {
    fc.assert(
      fc.property(pattern, pattern, text, (one, other, what) => {
        if (fits(one, what) && fits(other, what)) expect(patternsMeet(one, other)).toBe(true);
      }),
    );
  });

  it.each([
    ["*", "/api/*", true],
    ["/*", "/api/*", true],
    ["/api/*", "/*", false],
    ["*.example.com", "a.example.com", true],
    ["*.example.com", "*.b.example.com", true],
    ["a?c", "a*c", false],
    ["a?c", "abc", true],
    ["a?c", "a?c", true],
    ["abc", "a?c", false],
    ["/x", "/x", true],
  ])("%s covers %s: %s", (wide, narrow, expected) => {
    expect(patternCovers(wide, narrow)).toBe(expected);
  });

  it.each([
    ["/api/*", "*/v2", true],
    ["/api/*", "/web/*", false],
    ["a?", "ab", true],
    ["ab", "a?", true],
    ["a?c", "ab?", true],
    ["a?", "abc", false],
  ])("%s meets %s: %s", (one, other, expected) => {
    expect(patternsMeet(one, other)).toBe(expected);
  });
});
