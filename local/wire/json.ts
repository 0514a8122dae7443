import { AwsError } from "../core/aws-error.ts";
import type { Shape } from "./shape.ts";
import { formatTimestamp, parseTimestamp } from "./timestamps.ts";

type JsonObject = Record<string, unknown>;

/** Parses a JSON body; an empty one is an empty object, as AWS takes it. */
export function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return {};
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw serializationError("the body is not valid JSON");
  }
}

/**
 * Turns parsed JSON into the SDK's types by shape. Members that the shape lacks are dropped and null counts as absent,
 * as AWS does.
 * @throws {AwsError} SerializationException for a value of the wrong type, with its path.
 */
export function decodeJson(shape: Shape, value: unknown, path = ""): unknown {
  switch (shape.kind) {
    case "structure":
    case "union":
      return decodeStructure(shape, asObject(value, path), path);
    case "list":
      if (!Array.isArray(value)) throw wrongType(path, "a list", value);
      return value.map((item, index) =>
        item === null ? null : decodeJson(shape.element, item, `${path}.${index + 1}`),
      );
    case "map":
      return mapValues(asObject(value, path), (item, key) => decodeJson(shape.element, item, `${path}.${key}`));
    case "string":
      if (typeof value !== "string") throw wrongType(path, "a string", value);
      return value;
    case "number":
      return decodeNumber(value, path);
    case "boolean":
      if (typeof value !== "boolean") throw wrongType(path, "a boolean", value);
      return value;
    case "blob":
      if (typeof value !== "string") throw wrongType(path, "base64 text", value);
      return new Uint8Array(Buffer.from(value, "base64"));
    case "timestamp": {
      const date = parseTimestamp(value);
      if (!date) throw wrongType(path, "a timestamp", value);
      return date;
    }
    default:
      return value;
  }
}

function decodeStructure(shape: Shape, object: JsonObject, path: string): JsonObject {
  const result: JsonObject = {};
  for (const [name, member] of shape.members) {
    const value = object[member.traits.jsonName ?? name];
    if (value !== undefined && value !== null)
      result[name] = decodeJson(member, value, path ? `${path}.${name}` : name);
  }
  return result;
}

/** Source of the words: Smithy's JSON protocols write numbers that JSON lacks as these strings. */
function decodeNumber(value: unknown, path: string): number {
  if (typeof value === "number") return value;
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  throw wrongType(path, "a number", value);
}

/** Turns a value of the SDK's types into what JSON.stringify writes as the protocol wants it. */
export function encodeJson(shape: Shape, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  switch (shape.kind) {
    case "structure":
    case "union": {
      const result: JsonObject = {};
      for (const [name, member] of shape.members) {
        const item = (value as JsonObject)[name];
        if (item !== undefined && item !== null) result[member.traits.jsonName ?? name] = encodeJson(member, item);
      }
      return result;
    }
    case "list":
      return (value as unknown[]).map((item) => encodeJson(shape.element, item));
    case "map":
      return mapValues(value as JsonObject, (item) => encodeJson(shape.element, item));
    case "blob":
      return typeof value === "string" ? value : Buffer.from(value as Uint8Array).toString("base64");
    case "timestamp":
      return encodeTimestamp(shape, value as Date);
    case "number":
      return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
    default:
      return value;
  }
}

function encodeTimestamp(shape: Shape, date: Date): unknown {
  const format = shape.timestampFormat ?? "epoch-seconds";
  return format === "epoch-seconds" ? date.getTime() / 1000 : formatTimestamp(date, format);
}

function mapValues(object: JsonObject, change: (value: unknown, key: string) => unknown): JsonObject {
  const entries = Object.entries(object).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, change(value, key)]));
}

function asObject(value: unknown, path: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrongType(path, "an object", value);
  return value as JsonObject;
}

function wrongType(path: string, expected: string, value: unknown): AwsError {
  const found = Array.isArray(value) ? "list" : typeof value;
  return serializationError(`${path === "" ? "the body" : path} must be ${expected}, found a ${found}`);
}

/** What AWS answers when a body does not have the form its model demands. */
export function serializationError(message: string): AwsError {
  return new AwsError("SerializationException", message, 400);
}
