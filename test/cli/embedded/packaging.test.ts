import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stampOf } from "../../../cli/embedded/packaging.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "kiln-stamp-"));
  for (const directory of ["functions", "shared/aws", "boot", "statemachines", "infrastructure", "scripts", "docs"]) {
    mkdirSync(join(root, directory), { recursive: true });
    writeFileSync(join(root, directory, "a.ts"), `// ${directory}\n`);
  }
  const bundling = ["scripts/bundling.config.ts", "scripts/lambda-credentials.ts"];
  for (const file of ["serverless.yml", "package-lock.json", ...bundling]) writeFileSync(join(root, file), "{}\n");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("the stamp of the same sources is the same, wherever they are", async () => {
  const copy = `${root}-copy`;
  cpSync(root, copy, { recursive: true });
  const stamps = [await stampOf(root, "dev"), await stampOf(copy, "dev")];
  rmSync(copy, { recursive: true });
  expect(stamps[0]).toBe(stamps[1]);
});

test("another stage, byte, name or file is another stamp", async () => {
  const stamps = [await stampOf(root, "dev"), await stampOf(root, "prod")];
  const changes = [
    () => writeFileSync(join(root, "shared/aws/a.ts"), "// other\n"),
    () => renameSync(join(root, "shared/aws/a.ts"), join(root, "shared/aws/b.ts")),
    () => writeFileSync(join(root, "functions/b.ts"), ""),
    () => writeFileSync(join(root, "serverless.yml"), "x\n"),
  ];
  for (const change of changes) {
    change();
    stamps.push(await stampOf(root, "dev"));
  }
  expect(new Set(stamps).size).toBe(6);
});

test("what is not packaged does not count", async () => {
  const before = await stampOf(root, "dev");
  writeFileSync(join(root, "docs/a.ts"), "// other\n");
  expect(await stampOf(root, "dev")).toBe(before);
});
