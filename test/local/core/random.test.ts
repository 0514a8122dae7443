import { expect, it } from "vitest";
import { Random, seedStride } from "../../../local/core/random.ts";

it("gives the same for the same seed, and other ids for another", () => {
  const ids = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 5 }, () => random.hex(17));
  };
  expect(ids(7)).toEqual(ids(7));
  expect(ids(7).filter((id) => ids(8).includes(id))).toEqual([]);
});

it("keeps a hundred starts of one cloud twenty million numbers apart", () => {
  // The generator's state grows by this with each number, so the distance of two seeds in its cycle is their difference
  // divided by it, modulo 2^32.
  const inverse = inverseOf(0x6d2b79f5);
  for (let start = 1; start <= 100; start++) {
    const distance = Math.imul(Math.imul(start, seedStride), inverse) >>> 0;
    expect(Math.min(distance, 2 ** 32 - distance)).toBeGreaterThan(20_000_000);
  }
});

/** What an odd number must be multiplied with to be 1 modulo 2^32, by Newton's iteration: each turn doubles the right bits. */
function inverseOf(odd: number): number {
  let inverse = odd;
  for (let turn = 0; turn < 5; turn++) inverse = Math.imul(inverse, 2 - Math.imul(odd, inverse));
  return inverse;
}
