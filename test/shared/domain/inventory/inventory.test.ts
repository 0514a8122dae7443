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
