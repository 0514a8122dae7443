import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { VirtualClock } from "../../../local/core/clock.ts";
import { Random } from "../../../local/core/random.ts";
import { awsFunctions } from "../../../local/step-functions/language/aws-functions.ts";
import { evaluate } from "../../../local/step-functions/language/expression.ts";

const functions = awsFunctions(new VirtualClock(), new Random(1));

const run = (source: string, bindings: Record<string, unknown> = {}) =>
  evaluate(source, { ...functions, ...bindings }, "Output");

it("$partition cuts a list into parts of the size, the last perhaps shorter, with nothing lost", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer(), { minLength: 2, maxLength: 20 }),
      fc.integer({ min: 1, max: 25 }),
      async (list, size) => {
        const parts = await run("$partition($list, $size)", { list, size });
        const expected = Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
          list.slice(index * size, (index + 1) * size),
        );
        expect(parts).toEqual(expected);
      },
    ),
  );
});

it("$range counts from the first number to the last in steps, either way", async () => {
  const step = fc.integer({ min: -7, max: 7 }).filter((by) => by !== 0);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: -50, max: 50 }), fc.nat(30), step, async (first, count, by) => {
      const list = await run("$range($first, $last, $by)", { first, last: first + count * by, by });
      expect(list).toEqual(Array.from({ length: count + 1 }, (_, index) => first + index * by));
    }),
  );
});

it("$hash agrees with the algorithms' own implementation, and $parse undoes $string", async () => {
  const algorithms = fc.constantFrom("MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512");
  await fc.assert(
    fc.asyncProperty(fc.string(), algorithms, fc.jsonValue(), async (text, algorithm, value) => {
      const digest = createHash(algorithm.toLowerCase().replace("-", "")).update(text).digest("hex");
      expect(await run("$hash($text, $algorithm)", { text, algorithm })).toBe(digest);
      expect(await run("$parse($text)", { text: JSON.stringify(value) })).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

it("$random gives the same number below 1 for the same seed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const [one, again] = (await run("[$random($seed), $random($seed)]", { seed })) as number[];
      expect(one).toBe(again);
      expect(one).toBeGreaterThanOrEqual(0);
      expect(one).toBeLessThan(1);
    }),
  );
});
