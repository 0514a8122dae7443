import { expect, test } from "vitest";
import { jsonText } from "../../scripts/documents/document.ts";
import { specSchemaText } from "../../scripts/documents/spec-schema.ts";

const schema = JSON.parse(specSchemaText());

test("the schema tells an editor every key with its meaning, and refuses others", () => {
  expect(schema.additionalProperties).toBe(false);
  expect(schema.required).toEqual(["service", "capacity", "healthCheck"]);
  const keys = Object.values<{ description?: string }>(schema.properties);
  expect(keys.filter(({ description }) => !description)).toEqual([]);
  expect(schema.properties.validate.properties.probes.items.properties.path.description).toBe("Path that is asked.");
  expect(schema.properties.capacity.properties.min).toMatchObject({ minimum: 1, maximum: 1000, type: "integer" });
});

test("JSON stands as the formatter writes it", () => {
  const long = Array.from({ length: 40 }, (_, index) => `value ${index}`);
  const text = jsonText({ short: ["a", 1, true], long, nested: [{ a: [] }] });
  expect(text).toContain('  "short": ["a", 1, true],\n');
  expect(text).toContain('  "long": [\n    "value 0",\n');
  expect(JSON.parse(text)).toEqual({ short: ["a", 1, true], long, nested: [{ a: [] }] });
});
