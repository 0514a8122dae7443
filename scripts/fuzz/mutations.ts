import fc from "fast-check";

/** A change of bytes somewhere: flipped, cut out, repeated. */
export const mutation = fc.record({
  kind: fc.constantFrom("flip", "cut", "repeat", "truncate"),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  length: fc.integer({ min: 1, max: 600 }),
});

/** The bytes with one change. */
export function mutated(bytes: Buffer, { kind, at, length }: { kind: string; at: number; length: number }): Buffer {
  const start = Math.floor(at * bytes.length);
  const piece = bytes.subarray(start, start + length);
  if (kind === "truncate") return bytes.subarray(0, start);
  if (kind === "cut") return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + length)]);
  if (kind === "repeat") return Buffer.concat([bytes.subarray(0, start), piece, bytes.subarray(start)]);
  const flipped = Buffer.from(bytes);
  if (start < flipped.length) flipped[start] = (flipped[start] ?? 0) ^ (1 << (length % 8));
  return flipped;
}
