import fc from "fast-check";
import { expect, it } from "vitest";
import { matchesPattern } from "../../../local/events/pattern.ts";

const name = fc.constantFrom("a", "b", "c");
const text = fc.string({ unit: fc.constantFrom("x", "Y", "*", "\\", "/"), maxLength: 8 });
const scalar = fc.oneof(text, fc.integer({ min: -3, max: 3 }), fc.boolean(), fc.constant(null));

type Value = string | number | boolean | null;

interface Judged {
  condition: unknown;
  holds: (value: Value) => boolean;
}

const onText =
  (holds: (value: string) => boolean) =>
  (value: Value): boolean =>
    typeof value === "string" && holds(value);

const comparison = fc.constantFrom("<", "<=", "=", ">=", ">");

function compares(operator: string, left: number, right: number): boolean {
  if (operator === "=") return left === right;
  if (operator.endsWith("=") && left === right) return true;
  return operator.startsWith("<") ? left < right : left > right;
}

/** A wildcard as a regular expression: the obvious way to judge it, though a slow one. */
function asRegExp(wildcard: string): RegExp {
  const parts = wildcard.match(/\\.|[^\\]/gsu) ?? [];
  const source = parts.map((part) => (part === "*" ? ".*" : part.replace(/^\\/, "").replace(/[\\*/]/g, "\\$&")));
  return new RegExp(`^${source.join("")}$`, "su");
}

const wildcard = fc
  .array(fc.constantFrom("x", "Y", "/", "\\*", "\\\\", "*"), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join(""))
  .filter((pattern) => !pattern.replace(/\\./g, "-").includes("**"));

/** Conditions of every kind on one value, each with the plainest way to judge it. */
const condition: fc.Arbitrary<Judged> = fc.oneof(
  scalar.map((wanted) => ({ condition: wanted, holds: (value: Value) => value === wanted })),
  text.filter(Boolean).map((prefix) => ({ condition: { prefix }, holds: onText((value) => value.startsWith(prefix)) })),
  text.filter(Boolean).map((suffix) => ({ condition: { suffix }, holds: onText((value) => value.endsWith(suffix)) })),
  text.map((wanted) => ({
    condition: { "equals-ignore-case": wanted },
    holds: onText((value) => value.toLowerCase() === wanted.toLowerCase()),
  })),
  wildcard.map((pattern) => ({
    condition: { wildcard: pattern },
    holds: onText((value) => asRegExp(pattern).test(value)),
  })),
  fc.tuple(comparison, fc.integer({ min: -3, max: 3 })).map(([operator, bound]) => ({
    condition: { numeric: [operator, bound] },
    holds: (value: Value) => typeof value === "number" && compares(operator, value, bound),
  })),
  fc.array(text, { minLength: 1, maxLength: 3 }).map((excluded) => ({
    condition: { "anything-but": excluded },
    holds: (value: Value) => !excluded.some((other) => other === value),
  })),
  fc.constant({ condition: { exists: true }, holds: () => true }),
);

function matches(pattern: unknown, event: unknown): boolean {
  return matchesPattern(JSON.stringify(pattern), event);
}

it("matches a field whenever one of its conditions holds for one of its values", () => {
  fc.assert(
    fc.property(
      fc.array(condition, { minLength: 1, maxLength: 3 }),
      fc.array(scalar, { minLength: 1, maxLength: 3 }),
      (conditions, values) => {
        const expected = values.some((value) => conditions.some(({ holds }) => holds(value)));
        const pattern = { a: conditions.map(({ condition: written }) => written) };
        expect(matches(pattern, { a: values })).toBe(expected);
        if (values.length === 1) expect(matches(pattern, { a: values[0] })).toBe(expected);
      },
    ),
    { numRuns: 2000 },
  );
});

type Flat = Record<string, Value>;
const fields = fc.dictionary(name, fc.array(condition, { minLength: 1, maxLength: 2 }), { minKeys: 1 });
const flat: fc.Arbitrary<Flat> = fc.dictionary(name, scalar);

const written = (conditions: Record<string, Judged[]>) =>
  Object.fromEntries(Object.entries(conditions).map(([key, list]) => [key, list.map((one) => one.condition)]));
const hold = (conditions: Record<string, Judged[]>, event: Flat) =>
  Object.entries(conditions).every(([key, list]) => {
    const value = event[key];
    return value !== undefined && list.some(({ holds }) => holds(value));
  });

it("matches when all fields do and one of the branches of $or does", () => {
  fc.assert(
    fc.property(fields, fc.array(fields, { minLength: 2, maxLength: 3 }), flat, (all, branches, event) => {
      // A field both beside $or and in it would be given twice, of which the matcher keeps one.
      const beside = Object.fromEntries(Object.entries(all).map(([key, list]) => [`own-${key}`, list]));
      const full = { ...event, ...Object.fromEntries(Object.entries(event).map(([k, v]) => [`own-${k}`, v])) };
      const expected = hold(beside, full) && branches.some((branch) => hold(branch, full));
      expect(matches({ ...written(beside), $or: branches.map(written) }, full)).toBe(expected);
    }),
    { numRuns: 1000 },
  );
});

it("matches objects in an array only where one of them alone does", () => {
  fc.assert(
    fc.property(fields, fc.array(flat, { minLength: 1, maxLength: 3 }), (conditions, elements) => {
      const expected = elements.some((element) => hold(conditions, element));
      expect(matches({ list: written(conditions) }, { list: elements })).toBe(expected);
    }),
    { numRuns: 1000 },
  );
});

it("matches an absent field exactly where a present one does not match", () => {
  fc.assert(
    fc.property(flat, name, (event, field) => {
      const full = { other: 1, ...event };
      const absent = matches({ other: [1], [field]: [{ exists: false }] }, full);
      expect(absent).toBe(!matches({ [field]: [{ exists: true }] }, full));
    }),
  );
});
