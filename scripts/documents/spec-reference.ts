import * as z from "zod/mini";
import { serviceSpecSchema } from "../../shared/domain/service-spec.ts";
import { commentedKeys } from "./commented-keys.ts";
import { code, markdownTable, readProjectFile } from "./document.ts";

/** The parts of JSON Schema that zod writes for a service spec. */
interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  enum?: string[];
  const?: string;
  default?: unknown;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  propertyNames?: Schema;
  additionalProperties?: Schema | boolean;
}

/** One key of `kiln.yaml`. */
interface SpecKey {
  path: string;
  schema: Schema;
  required: boolean;
}

export function specDocument(): string {
  const schema = z.toJSONSchema(serviceSpecSchema, { io: "input" }) as Schema;
  const comments = commentedKeys(readProjectFile("shared/domain/service-spec.ts"), "serviceSpecSchema");
  const rows = keysBelow(schema, "").map(({ path, schema: key, required }) => [
    code(path),
    typeOf(key),
    required ? "required" : defaultOf(key),
    limitsOf(key),
    comments.get(path) ?? "",
  ]);
  return `# Service spec

A service is described by its \`kiln.yaml\`, which \`kiln service apply\` puts in force. A key that is not in this list is
refused, and all problems of a spec are reported together. A release keeps the spec it was made with.

\`kiln init\` writes one. [kiln.schema.json](kiln.schema.json) is the same for editors: a first line
\`# yaml-language-server: $schema=<path or URL of it>\` makes them complete and check while one writes.

${markdownTable(["Key", "Type", "Default", "Limits", "Meaning"], rows)}
`;
}

/** Every key, parents before their children. What can be left out as a whole is required only where it stands. */
function keysBelow({ properties = {}, required = [] }: Schema, prefix: string): SpecKey[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = prefix + name;
    const own = { path, schema, required: required.includes(name) };
    const elements = schema.items?.properties ? keysBelow(schema.items, `${path}[].`) : [];
    return [own, ...keysBelow(schema, `${path}.`), ...elements];
  });
}

function typeOf(schema: Schema): string {
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return schema.enum.map(code).join(", ");
  if (schema.type === "array")
    return `list of ${schema.items?.properties ? "objects" : `${typeOf(schema.items ?? {})}s`}`;
  if (schema.type === "integer") return "whole number";
  if (schema.type === "string") return "text";
  if (schema.propertyNames) return `text by name`;
  if (schema.properties && schema.default === undefined && Object.keys(schema.properties).length === 1) {
    return code(`{ ${Object.keys(schema.properties)[0]}: … }`);
  }
  return schema.type ?? "";
}

function defaultOf(schema: Schema): string {
  if (schema.default === undefined) return "none";
  if (schema.properties) return "see below";
  if (Array.isArray(schema.default) && schema.default.length === 0) return "none";
  if (typeof schema.default === "object") return "none";
  return code(String(schema.default));
}

function limitsOf(schema: Schema): string {
  const limits: string[] = [];
  if (schema.minimum !== undefined) limits.push(`${schema.minimum}–${schema.maximum}`);
  if (schema.maxItems !== undefined) limits.push(`at most ${schema.maxItems}`);
  if (schema.maxLength !== undefined) limits.push(`${schema.minLength ?? 0}–${schema.maxLength} characters`);
  for (const one of [schema, ...(schema.anyOf?.flatMap(({ properties = {} }) => Object.values(properties)) ?? [])]) {
    if (one.pattern !== undefined) limits.push(code(one.pattern));
  }
  if (schema.propertyNames?.pattern) limits.push(`names ${code(schema.propertyNames.pattern)}`);
  if (schema.items && !schema.items.properties) {
    const each = limitsOf(schema.items);
    if (each !== "") limits.push(`each ${each}`);
  }
  if (typeof schema.additionalProperties === "object") limits.push(`values ${limitsOf(schema.additionalProperties)}`);
  return limits.join(", ");
}
