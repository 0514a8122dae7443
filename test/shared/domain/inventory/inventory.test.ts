import { expect, test } from "vitest";
import { InventoryBuilder } from "../../../../shared/domain/inventory/inventory.ts";
import { manifestAt } from "../../../../shared/domain/inventory/manifests.ts";

/** The inventory of files, read as admission reads them. */
function inventoryOf(files: Record<string, string>) {
  const builder = new InventoryBuilder();
  for (const [path, text] of Object.entries(files)) {
    builder.file(path, false);
    const manifest = manifestAt(path);
    if (manifest) builder.add(manifest.read(text, path));
  }
  return builder.finish();
}

const json = JSON.stringify;

test("packages that npm installed are found by their own manifests, at any depth, once each", () => {
  const { components, gaps } = inventoryOf({
    "package.json": json({ name: "web", version: "1.0.0" }),
    "node_modules/express/package.json": json({ name: "express", version: "5.1.0", license: "MIT" }),
    "node_modules/express/node_modules/ms/package.json": json({
      name: "ms",
      version: "2.1.3",
      license: { type: "MIT" },
    }),
    "app/node_modules/ms/package.json": json({ name: "ms", version: "2.1.3" }),
    "node_modules/@scope/tool/package.json": json({
      name: "@scope/tool",
      version: "0.1.0",
      license: "SEE LICENSE IN X",
    }),
    "node_modules/express/esm/package.json": json({ type: "module", version: "9.9.9" }),
  });
  expect(components).toEqual([
    { ecosystem: "npm", name: "@scope/tool", version: "0.1.0", license: "SEE LICENSE IN X", evidence: "installed" },
    { ecosystem: "npm", name: "express", version: "5.1.0", license: "MIT", evidence: "installed" },
    { ecosystem: "npm", name: "ms", version: "2.1.3", license: "MIT", evidence: "installed" },
  ]);
  expect(gaps).toEqual([]);
});

test("a lock file alone declares packages, and it is said that they may not be there", () => {
  const { components, gaps } = inventoryOf({
    "package-lock.json": json({
      packages: {
        "": { name: "web" },
        "packages/own": { version: "1.0.0" },
        "node_modules/a": { version: "1.0.0", license: "ISC" },
        "node_modules/a/node_modules/@s/b": { version: "2.0.0", dev: true },
        "node_modules/own": { link: true, resolved: "packages/own" },
      },
    }),
  });
  expect(components).toEqual([
    { ecosystem: "npm", name: "@s/b", version: "2.0.0", evidence: "declared", development: true },
    { ecosystem: "npm", name: "a", version: "1.0.0", license: "ISC", evidence: "declared" },
  ]);
  expect(gaps).toEqual(["2 packages are declared by lock files; whether they are in the archive is not known."]);
});

test("beside installed packages a lock file lists nothing that was left out", () => {
  const { components, gaps } = inventoryOf({
    "package-lock.json": json({
      packages: { "node_modules/a": { version: "1.0.0" }, "node_modules/test-only": { version: "3.0.0", dev: true } },
    }),
    "node_modules/a/package.json": json({ name: "a", version: "1.0.0" }),
  });
  expect(components.map(({ name, evidence }) => [name, evidence])).toEqual([["a", "installed"]]);
  expect(gaps).toEqual(["1 packages of lock files are not listed: others of their kind are installed in the archive."]);
});

test("a lock file of npm 6 nests its packages", () => {
  const dependencies = { a: { version: "1.0.0", dependencies: { b: { version: "2.0.0" } } } };
  const { components } = inventoryOf({ "npm-shrinkwrap.json": json({ lockfileVersion: 1, dependencies }) });
  expect(components.map(({ name, version }) => `${name}@${version}`)).toEqual(["a@1.0.0", "b@2.0.0"]);
});

test("Python's installed packages and pinned requirements are found; lines that pin nothing are said", () => {
  const installed = inventoryOf({
    "venv/lib/python3.12/site-packages/flask-3.1.0.dist-info/METADATA":
      "Metadata-Version: 2.4\nName: Flask\nVersion: 3.1.0\nLicense-Expression: BSD-3-Clause\n\nName: not this\n",
  });
  expect(installed.components).toEqual([
    { ecosystem: "pypi", name: "Flask", version: "3.1.0", license: "BSD-3-Clause", evidence: "installed" },
  ]);
  const declared = inventoryOf({
    "requirements.txt":
      "flask==3.1.0 ; python_version > '3.8'\nuvicorn[standard] == 0.30.1 # web\nrequests>=2\n-r more.txt\n\n# none\nx==1.0 \\\n    --hash=sha256:00\n",
  });
  expect(declared.components.map(({ name, version }) => `${name}@${version}`)).toEqual([
    "flask@3.1.0",
    "uvicorn@0.30.1",
    "x@1.0",
  ]);
  expect(declared.gaps[0]).toBe("requirements.txt has 2 lines that pin no version.");
});

test("an archive without manifests says that nothing is known, and what was seen", () => {
  const builder = new InventoryBuilder();
  builder.file("server", true);
  builder.file("lib/app.jar", false);
  expect(builder.finish()).toEqual({
    components: [],
    gaps: [
      "No package manifest was found: what it is made of is not known.",
      "1 programs in machine code: what is linked into them is not known.",
      "1 Java archives were not opened.",
    ],
  });
});

test("names that nobody could print are left out", () => {
  const { components } = inventoryOf({
    "node_modules/a/package.json": json({ name: "a\u001b[2J", version: "1.0.0" }),
    "node_modules/b/package.json": json({ name: "b", version: "1".repeat(300) }),
  });
  expect(components).toEqual([]);
});

test("what there is to remember has a bound, and what is beyond it is counted", () => {
  const builder = new InventoryBuilder();
  for (let index = 0; index < 20_003; index++) {
    const component = { ecosystem: "npm", name: `p${index}`, version: "1.0.0", evidence: "installed" } as const;
    builder.add({ components: [component] });
  }
  const { components, gaps } = builder.finish();
  expect(components).toHaveLength(20_000);
  expect(gaps).toEqual(["3 packages beyond the first 20000 are not listed."]);
});

const declared = { ecosystem: "npm", name: "a", version: "1.0.0", evidence: "declared" } as const;
const installed = { ...declared, evidence: "installed" } as const;

test("what is installed counts more than what a lock file declares, whichever comes first, and the first of two alike", () => {
  const seen = (...all: { license?: string; evidence: "declared" | "installed" }[]) => {
    const builder = new InventoryBuilder();
    for (const one of all) builder.add({ components: [{ ...declared, ...one }] });
    return builder.finish().components.map(({ evidence, license }) => `${evidence} ${license}`);
  };
  expect(seen({ ...declared, license: "A" }, { ...declared, license: "B" })).toEqual(["declared A"]);
  expect(seen({ ...installed, license: "A" }, { ...installed, license: "B" })).toEqual(["installed A"]);
  expect(seen({ ...declared, license: "A" }, { ...installed, license: "B" })).toEqual(["installed B"]);
  expect(seen({ ...installed, license: "A" }, { ...declared, license: "B" })).toEqual(["installed A"]);
});

test("packages of one ecosystem that are installed say nothing about another's lock file", () => {
  const builder = new InventoryBuilder();
  builder.add({ components: [installed, { ...declared, ecosystem: "pypi" }] });
  expect(builder.finish()).toEqual({
    components: [installed, { ...declared, ecosystem: "pypi" }],
    gaps: ["1 packages are declared by lock files; whether they are in the archive is not known."],
  });
});

test("twenty manifests that could not be read are named, the others counted", () => {
  const gapsOf = (count: number) => {
    const builder = new InventoryBuilder();
    builder.add({ components: [] });
    builder.add({ components: [], gaps: Array.from({ length: count }, (_, index) => `gap ${index + 1}`) });
    return builder.finish().gaps;
  };
  expect(gapsOf(20)).toHaveLength(20);
  expect(gapsOf(20).at(-1)).toBe("gap 20");
  expect(gapsOf(23)).toHaveLength(21);
  expect(gapsOf(23).slice(-2)).toEqual(["gap 20", "3 more manifests could not be read."]);
});

test("Java archives are counted by the end of their name, each of three kinds, and programs by what was seen of them", () => {
  const builder = new InventoryBuilder();
  builder.add({ components: [] });
  for (const path of ["a.jar", "b.war", "c.ear", "a.jar.sha256", "bear", "readme"]) builder.file(path, false);
  for (const path of ["bin/one", "bin/two"]) builder.file(path, true);
  expect(builder.finish().gaps).toEqual([
    "2 programs in machine code: what is linked into them is not known.",
    "3 Java archives were not opened.",
  ]);
});

test("names and versions have 256 printable characters at most", () => {
  const keeps = (name: string, version = "1") => {
    const builder = new InventoryBuilder();
    builder.add({ components: [{ ...installed, name, version }] });
    return builder.finish().components.length === 1;
  };
  expect(keeps("n".repeat(256))).toBe(true);
  expect(keeps("n", "1".repeat(256))).toBe(true);
  expect(keeps("!~")).toBe(true);
  for (const bad of ["n".repeat(257), "", "a b", " a", "a ", "a\u007f", "\u00e9"]) {
    expect(keeps(bad), bad).toBe(false);
    expect(keeps("a", bad), bad).toBe(false);
  }
});
