import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import { cycloneDx } from "../../../cli/sbom/cyclonedx.ts";
import type { Inventory } from "../../../shared/domain/inventory/inventory.ts";
import { releaseWith } from "../support/releases.ts";

const library = dirname(fileURLToPath(import.meta.resolve("@cyclonedx/cyclonedx-library/package.json")));
const schemaOf = (name: string) =>
  JSON.parse(readFileSync(join(library, "res/schema", `${name}.SNAPSHOT.schema.json`), "utf8"));

/** The published schema, as the CycloneDX project's own library carries it. */
function problemsOf(document: unknown): unknown {
  const ajv = new Ajv({ strict: false, allErrors: true, formats: { "idn-email": true } });
  addFormats.default(ajv);
  ajv.addFormat("iri-reference", true);
  ajv.addSchema(schemaOf("spdx"), "http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json");
  ajv.addSchema(schemaOf("jsf-0.82"), "http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json");
  const validate = ajv.compile(schemaOf("bom-1.6"));
  validate(document);
  return validate.errors;
}

const sha256 = "ab".repeat(32);
const release = releaseWith({
  releaseDigest: sha256,
  provenance: {
    asked: { kind: "upload" },
    pushedAt: "2026-01-01T00:00:00.000Z",
    source: { commit: "0123abc", repository: "https://git.example.com/team/web.git" },
  },
});
const artifact = { ...release.artifact, sha256 };
const [firstLayer = artifact] = release.layers;
const layer = { ...firstLayer, sha256: "cd".repeat(32) };
const inventory: Inventory = {
  components: [
    { ecosystem: "npm", name: "@scope/tool", version: "1.0.0", license: "(MIT OR Apache-2.0)", evidence: "installed" },
    { ecosystem: "npm", name: "odd", version: "1.0.0", license: "SEE LICENSE IN LICENSE.txt", evidence: "installed" },
    { ecosystem: "pypi", name: "Flask", version: "3.1.0", evidence: "declared", development: true },
  ],
  gaps: ["1 programs in machine code: what is linked into them is not known."],
};

test("a bill of materials is valid by the published schema of CycloneDX 1.6", () => {
  const bom = cycloneDx(release, { part: artifact, inventory }, [{ part: layer, inventory }]);
  expect(problemsOf(JSON.parse(JSON.stringify(bom)))).toBeNull();
  expect(problemsOf({ ...bom, bomFormat: "another" })).not.toBeNull();
});

test("packages have their package URLs, licenses as they say, and which part they are in", () => {
  const bom = cycloneDx(release, { part: artifact, inventory }, []) as {
    components: { name: string; components: { purl: string; licenses?: unknown; scope?: string }[] }[];
  };
  expect(bom.components[0]?.components).toMatchObject([
    {
      purl: "pkg:npm/%40scope/tool@1.0.0",
      group: "@scope",
      name: "tool",
      licenses: [{ expression: "(MIT OR Apache-2.0)" }],
    },
    { purl: "pkg:npm/odd@1.0.0", licenses: [{ license: { name: "SEE LICENSE IN LICENSE.txt" } }] },
    { purl: "pkg:pypi/flask@3.1.0", scope: "excluded" },
  ]);
  expect(bom.components[0]?.components[2]).not.toHaveProperty("licenses");
});

test("what could not be known is said, part by part, and never called complete", () => {
  const bom = cycloneDx(release, { part: artifact, inventory }, [{ part: layer, inventory: undefined }]);
  const { properties } = bom["metadata"] as { properties: { name: string; value: string }[] };
  expect(properties.filter(({ name }) => name === "kiln:unknown").map(({ value }) => value)).toEqual([
    "artifact: 1 programs in machine code: what is linked into them is not known.",
    "layer:node-24: It was read before Kiln looked for packages: what it is made of is not known.",
    "base: the packages of the base image are not listed.",
  ]);
  expect(bom["compositions"]).toEqual([
    { aggregate: "incomplete", assemblies: ["artifact"] },
    { aggregate: "unknown", assemblies: ["layer:node-24"] },
    { aggregate: "unknown", assemblies: ["base:ami-00000001"] },
  ]);
});

test("the same release has the same document, and another release another number", () => {
  const once = cycloneDx(release, { part: artifact, inventory }, []);
  expect(cycloneDx(release, { part: artifact, inventory }, [])).toEqual(once);
  const other = cycloneDx({ ...release, generation: "web-000002" }, { part: artifact, inventory }, []);
  expect(other["serialNumber"]).not.toBe(once["serialNumber"]);
});
