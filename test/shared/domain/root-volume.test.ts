import { expect, test } from "vitest";
import { rootVolumeGib } from "../../../shared/domain/root-volume.ts";

const gib = 1024 ** 3;

test.each([
  [8, 0, 8],
  [8, 1, 9],
  [8, 5 * gib, 14],
  [8, 5 * gib + 1, 15],
  [30, 0.5 * gib, 31],
])("on a base of %i GiB, %i bytes unpacked and a fifth to spare make %i", (base, unpacked, size) => {
  expect(rootVolumeGib(base, unpacked)).toBe(size);
});
