import { existsSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { machinesDirectory } from "../../../local/machine/machines-directory.ts";

const state = "/nowhere/kiln-test-state";
afterEach(() => rmSync(machinesDirectory(state), { recursive: true, force: true }));

it("is the same for the same cloud, and another one for another", () => {
  const other = machinesDirectory(`${state}-2`);
  expect(machinesDirectory(state)).toBe(machinesDirectory(state));
  expect(other).not.toBe(machinesDirectory(state));
  rmSync(other, { recursive: true });
});

it("is open to nobody else", () => {
  expect(statSync(machinesDirectory(state)).mode & 0o777).toBe(0o700);
});

it("has nothing above it that a program could take for its own", () => {
  for (let above = machinesDirectory(state); above !== "/"; above = dirname(above)) {
    for (const name of ["package.json", "node_modules"]) expect(existsSync(join(above, name))).toBe(false);
  }
});
