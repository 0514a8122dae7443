import { describe, expect, it } from "vitest";
import { manifestAt } from "../../../../shared/domain/inventory/manifests.ts";

const json = JSON.stringify;
const kibibyte = 1024;

function read(path: string, text: string) {
  const manifest = manifestAt(path);
  if (!manifest) throw new Error(`${path} is no manifest`);
  return manifest.read(text, path);
}

/** `name@version` of what a manifest names. */
function named(path: string, text: string): string[] {
  return read(path, text).components.map(({ name, version }) => `${name}@${version}`);
}

describe("a file is a manifest by its path", () => {
  const small = 1024 * kibibyte;
  const large = 8 * 1024 * kibibyte;
  it.each([
    ["node_modules/ms/package.json", small],
    ["app/node_modules/@scope/tool/package.json", small],
    ["package-lock.json", large],
    ["app/package-lock.json", large],
    ["npm-shrinkwrap.json", large],
    ["lib/flask-3.1.0.dist-info/METADATA", small],
    ["lib/flask-3.1.0.egg-info/PKG-INFO", small],
    ["requirements.txt", small],
    ["app/requirements.txt", small],
  ])("%s is one, of up to %i bytes", (path, limitBytes) => {
    expect(manifestAt(path)?.limitBytes).toBe(limitBytes);
  });

  it.each([
    ["the project's own", "package.json"],
    ["a workspace's", "packages/own/package.json"],
    ["a part of a package", "node_modules/ms/esm/package.json"],
    ["a folder whose name only ends like npm's", "old_node_modules/ms/package.json"],
    ["a file whose name only ends like a manifest's", "node_modules/ms/my-package.json"],
    ["the lock file that a package brought along", "node_modules/ms/package-lock.json"],
    ["the older lock file that a package brought along", "app/node_modules/ms/npm-shrinkwrap.json"],
    ["a file METADATA of something else", "docs/METADATA"],
    ["a file PKG-INFO of something else", "docs/PKG-INFO"],
    ["the requirements that a package brought along", "lib/site-packages/flask/requirements.txt"],
    ["any other file", "server.js"],
    ["nothing", ""],
  ])("%s is none: %s", (_what, path) => {
    expect(manifestAt(path)).toBeUndefined();
  });
});

describe("the manifest of a package that npm installed", () => {
  const place = "node_modules/@scope/tool/package.json";

  it("has the name of its folder when it says none", () => {
    expect(named(place, json({ version: "1.0.0" }))).toEqual(["@scope/tool@1.0.0"]);
    expect(named(place, json({ name: 7, version: "1.0.0" }))).toEqual(["@scope/tool@1.0.0"]);
    expect(named(place, json({ name: "alias", version: "1.0.0" }))).toEqual(["alias@1.0.0"]);
  });

  it("names nothing without a version", () => {
    expect(read(place, json({ name: "tool" }))).toEqual({ components: [] });
    expect(read(place, json({ name: "tool", version: 1 }))).toEqual({ components: [] });
  });

  it.each(["[]", "null", '"text"', "7"])("is refused when it is %s instead of an object", (text) => {
    expect(() => read(place, text)).toThrow("it is no JSON object");
  });

  const licenseOf = (stated: object) => read(place, json({ version: "1.0.0", ...stated })).components[0]?.license;

  it.each<[string, object, string]>([
    ["one expression", { license: "(MIT OR Apache-2.0)" }, "(MIT OR Apache-2.0)"],
    ["an object", { license: { type: "MIT", url: "https://example.com" } }, "MIT"],
    ["a list of objects", { licenses: [{ type: "BSD-3-Clause" }, { type: "MIT" }] }, "BSD-3-Clause"],
    ["a list of words", { licenses: ["ISC", "MIT"] }, "ISC"],
    ["both, of which the newer counts", { license: "MIT", licenses: ["ISC"] }, "MIT"],
    ["with blanks around it", { license: "  MIT " }, "MIT"],
    ["two hundred characters", { license: "x".repeat(200) }, "x".repeat(200)],
  ])("says its license as %s", (_form, stated, license) => {
    expect(licenseOf(stated)).toBe(license);
  });

  it.each<[string, object]>([
    ["nothing", {}],
    ["a number", { license: 7 }],
    ["an object without a type", { license: { name: "MIT" } }],
    ["an empty list", { licenses: [] }],
    ["nothing but blanks", { license: "  " }],
    ["UNKNOWN", { license: "UNKNOWN" }],
    ["a whole text", { license: "x".repeat(201) }],
    ["characters before it that nobody can print", { license: "\u001b[2JMIT" }],
    ["characters after it that nobody can print", { license: "MIT\u0007" }],
    ["no character", { license: "" }],
  ])("says no license by %s", (_form, stated) => {
    const [component] = read(place, json({ version: "1.0.0", ...stated })).components;
    expect(component).toStrictEqual({ ecosystem: "npm", name: "@scope/tool", version: "1.0.0", evidence: "installed" });
  });
});

describe("a lock file of npm", () => {
  const lock = "app/package-lock.json";

  it("names the packages below node_modules, under the name that they have in the registry", () => {
    const packages = {
      "": { name: "web", version: "1.0.0" },
      "packages/own": { name: "own", version: "1.0.0" },
      "node_modules/a": { version: "1.0.0" },
      "node_modules/a/node_modules/@s/b": { version: "2.0.0" },
      "packages/own/node_modules/c": { version: "3.0.0" },
      "node_modules/alias": { name: "real", version: "4.0.0" },
      "node_modules/odd": { name: 5, version: "5.0.0" },
    };
    expect(named(lock, json({ packages }))).toEqual(["a@1.0.0", "@s/b@2.0.0", "c@3.0.0", "real@4.0.0", "odd@5.0.0"]);
    expect(read(lock, json({ packages })).gaps).toEqual([]);
  });

  it("leaves out links, and entries that are no package or name no version", () => {
    const packages = {
      "node_modules/own": { link: true, version: "1.0.0" },
      "node_modules/kept": { link: false, version: "1.0.0" },
      "node_modules/none": null,
      "node_modules/list": [],
      "node_modules/bare": {},
      "node_modules/counted": { version: 2 },
    };
    expect(named(lock, json({ packages }))).toEqual(["kept@1.0.0"]);
  });

  it("says of each package what is for development, and its license", () => {
    const packages = {
      "node_modules/test": { version: "1.0.0", dev: true, license: "MIT" },
      "node_modules/both": { version: "1.0.0", dev: "true" },
    };
    expect(read(lock, json({ packages })).components).toEqual([
      { ecosystem: "npm", name: "test", version: "1.0.0", license: "MIT", evidence: "declared", development: true },
      { ecosystem: "npm", name: "both", version: "1.0.0", evidence: "declared" },
    ]);
  });

  it("of npm 6 names what is nested as deep as it likes, and passes over what is none", () => {
    const dependencies = {
      a: { version: "1.0.0", dependencies: { b: { version: "2.0.0", dependencies: { c: { version: "3.0.0" } } } } },
      d: { version: "4.0.0", dependencies: null },
      e: null,
      f: "1.0.0",
    };
    expect(named(lock, json({ dependencies })).sort()).toEqual(["a@1.0.0", "b@2.0.0", "c@3.0.0", "d@4.0.0"]);
  });

  it("is read by its list of packages where it has both", () => {
    const both = { packages: { "node_modules/a": { version: "2.0.0" } }, dependencies: { a: { version: "1.0.0" } } };
    expect(named(lock, json(both))).toEqual(["a@2.0.0"]);
  });

  it("is refused when it lists no packages, and when it is no object", () => {
    expect(() => read(lock, "{}")).toThrow("it lists no packages");
    expect(() => read(lock, json({ packages: [], dependencies: null }))).toThrow("it lists no packages");
    expect(() => read(lock, "[]")).toThrow("it is no JSON object");
  });

  it("that names no package says so, with its path", () => {
    expect(read(lock, json({ packages: { "": {} } }))).toEqual({
      components: [],
      gaps: ["app/package-lock.json names no package."],
    });
  });
});

describe("the metadata of a Python package", () => {
  const place = "lib/flask-3.1.0.dist-info/METADATA";

  it("ends at the first empty line, whichever line ends it has", () => {
    expect(named(place, "Name: flask\r\nVersion: 3.1.0\r\n\r\nName: other\r\n")).toEqual(["flask@3.1.0"]);
    expect(() => read(place, "Name: flask\n\nVersion: 3.1.0\n")).toThrow("it has no name or no version");
  });

  it("counts the first of two headers of a name, and none that is in the middle of a line", () => {
    expect(named(place, "Name: flask\nName: other\nSummary: Version: 9\n Version: 8\nVersion: 3.1.0\n")).toEqual([
      "flask@3.1.0",
    ]);
  });

  it("takes a header without a blank after its colon", () => {
    expect(named(place, "Name:flask\nVersion:  3.1.0")).toEqual(["flask@3.1.0"]);
  });

  it.each([
    ["no name", "Version: 3.1.0\n"],
    ["an empty name", "Name:\nVersion: 3.1.0\n"],
    ["no version", "Name: flask\n"],
    ["an empty version", "Name: flask\nVersion: \n"],
  ])("is refused with %s", (_what, text) => {
    expect(() => read(place, text)).toThrow("it has no name or no version");
  });

  const licenseOf = (...lines: string[]) =>
    read(place, ["Name: flask", "Version: 3.1.0", ...lines].join("\n")).components[0]?.license;

  it("says its license by an expression, or in words before there were expressions", () => {
    expect(licenseOf("License: BSD", "License-Expression: BSD-3-Clause")).toBe("BSD-3-Clause");
    expect(licenseOf("License: BSD")).toBe("BSD");
    expect(licenseOf("License: UNKNOWN")).toBeUndefined();
    expect(licenseOf()).toBeUndefined();
  });
});

describe("a line of requirements", () => {
  const lines = (...all: string[]) => read("app/requirements.txt", all.join("\n"));

  it.each([
    ["flask==3.1.0", "flask@3.1.0"],
    ["  flask == 3.1.0  ", "flask@3.1.0"],
    ["Flask_Login===0.6.3", "Flask_Login@0.6.3"],
    ["zope.interface==6.4", "zope.interface@6.4"],
    ["uvicorn[standard,extra]==0.30.1", "uvicorn@0.30.1"],
    ["uvicorn[] ==0.30.1", "uvicorn@0.30.1"],
    ["x==1.0;python_version>'3.8'", "x@1.0"],
    ["x==1.0 ; python_version > '3.8'", "x@1.0"],
    ["x==1.0 --hash=sha256:00 --hash=sha256:11", "x@1.0"],
    ["x==1.0 # why", "x@1.0"],
    ["x==1.0\t# why", "x@1.0"],
    ["x==1.0+cpu", "x@1.0+cpu"],
    ["a==1", "a@1"],
  ])("%j pins one version", (line, pinned) => {
    const { components, gaps } = lines(line);
    expect(components.map(({ name, version }) => `${name}@${version}`)).toEqual([pinned]);
    expect(gaps).toEqual([]);
  });

  it.each([
    "flask",
    "flask>=3",
    "flask=3.1.0",
    "flask==3.*",
    "flask==3.1.0,<4",
    "flask==3.1.0 and more",
    "-r more.txt",
    "-e ./own==1",
    "./own==1.0",
    "a b==1.0",
    "flask==",
    "git+https://example.com/flask#egg=flask==1.0",
  ])("%j pins none, and is counted", (line) => {
    expect(lines(line, "x==1.0")).toMatchObject({
      components: [{ name: "x", version: "1.0" }],
      gaps: ["app/requirements.txt has 1 lines that pin no version."],
    });
  });

  it.each(["", "   ", "# flask", "   # flask==1", "--hash=sha256:00", "  --hash=sha256:00"])(
    "%j says nothing",
    (line) => {
      expect(lines(line)).toEqual({ components: [], gaps: [] });
    },
  );

  it("may go on in the next one behind a backslash, whichever line ends the file has", () => {
    expect(lines("x==1.0 \\", "    --hash=sha256:00", "y==2.0").components).toMatchObject([
      { name: "x", version: "1.0" },
      { name: "y", version: "2.0" },
    ]);
    expect(lines("x==1.0 \\\r", "    --hash=sha256:00\r", "y==2.0\r").components).toMatchObject([
      { name: "x", version: "1.0" },
      { name: "y", version: "2.0" },
    ]);
    expect(lines("x==1.0\r", "y==2.0\r").gaps).toEqual([]);
  });

  it("is declared and no more", () => {
    expect(lines("x==1.0").components).toEqual([
      { ecosystem: "pypi", name: "x", version: "1.0", evidence: "declared" },
    ]);
  });
});
