import type { NormalizedSchema } from "@smithy/core/schema";
import { isObject, type Json } from "../language/json.ts";
import { StateFailure } from "../language/state-error.ts";

/**
 * Arguments of a task as the SDK takes them. Step Functions spells members with a capital whatever the API does, writes
 * times as ISO 8601 and bytes as text.
 * @throws {StateFailure} States.Runtime for a member the API does not have.
 */
export function toSdkInput(schema: NormalizedSchema, value: Json): unknown {
  if (value === null) return undefined;
  if (schema.isStructSchema()) return structInput(schema, value);
  if (schema.isListSchema() && Array.isArray(value)) {
    return (value as Json[]).map((element) => toSdkInput(schema.getValueSchema(), element));
  }
  if (schema.isMapSchema() && isObject(value)) {
    const entries = Object.entries(value).map(([key, member]) => [
      key,
      toSdkInput(schema.getValueSchema(), member as Json),
    ]);
    return Object.fromEntries(entries);
  }
  if (schema.isTimestampSchema()) return new Date(typeof value === "number" ? value * 1000 : String(value));
  if (schema.isBlobSchema()) return Buffer.from(typeof value === "string" ? value : JSON.stringify(value), "utf8");
  return value;
}

function structInput(schema: NormalizedSchema, value: Json): Record<string, unknown> {
  if (!isObject(value))
    throw new StateFailure("States.Runtime", `Expected an object but was: ${JSON.stringify(value)}`);
  const members = schema.getMemberSchemas();
  const input: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const lower = key.charAt(0).toLowerCase() + key.slice(1);
    const name = key in members ? key : lower in members ? lower : undefined;
    const memberSchema = name === undefined ? undefined : members[name];
    if (name === undefined || memberSchema === undefined) {
      throw new StateFailure("States.Runtime", `The field '${key}' is not supported by Step Functions`);
    }
    input[name] = toSdkInput(memberSchema, member as Json);
  }
  return input;
}

/** An SDK's answer as a task's result. Streams are read to their end. */
export async function toResult(schema: NormalizedSchema, value: unknown): Promise<Json> {
  if (value === undefined || value === null) return null;
  if (schema.isStructSchema() && isObject(value)) {
    const result: Record<string, Json> = {};
    for (const [name, member] of schema.structIterator()) {
      if (value[name] === undefined || value[name] === null) continue;
      result[name.charAt(0).toUpperCase() + name.slice(1)] = await toResult(member, value[name]);
    }
    return result;
  }
  if (schema.isListSchema() && Array.isArray(value)) {
    const result: Json[] = [];
    for (const element of value) result.push(await toResult(schema.getValueSchema(), element));
    return result;
  }
  if (schema.isMapSchema() && isObject(value)) {
    const result: Record<string, Json> = {};
    for (const [key, member] of Object.entries(value)) result[key] = await toResult(schema.getValueSchema(), member);
    return result;
  }
  if (value instanceof Date) return value.toISOString();
  if (schema.isBlobSchema()) return bytesAsText(value);
  return typeof value === "bigint" ? Number(value) : (value as Json);
}

async function bytesAsText(value: unknown): Promise<string> {
  if (typeof value === "string") return value;
  const chunks: Uint8Array[] = [];
  if (value instanceof Uint8Array) chunks.push(value);
  else for await (const chunk of value as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
