import type { Json, JsonObject } from "./template.ts";

/**
 * What a property may hold. A name is a scalar (`json` is any value), a list of one shape is a list, an object lists its
 * members, and the member `*` stands for any name.
 */
export type Shape = "string" | "integer" | "number" | "boolean" | "json" | readonly [Shape] | ObjectShape;
export interface ObjectShape {
  readonly [member: string]: Shape;
}

/** The TypeScript type of a conforming value. */
export type ValueOf<S> = S extends "string"
  ? string
  : S extends "integer" | "number"
    ? number
    : S extends "boolean"
      ? boolean
      : S extends "json"
        ? Json
        : S extends readonly [infer Item]
          ? ValueOf<Item>[]
          : S extends { readonly "*": infer Any }
            ? Record<string, ValueOf<Any>>
            : S extends ObjectShape
              ? { -readonly [K in keyof S]?: ValueOf<S[K]> }
              : never;

export class ShapeError extends Error {}

/**
 * The value with scalars in the type the shape asks for, as CloudFormation turns `"30"` into 30.
 * @throws {ShapeError} For an unknown member or another type, naming its path.
 */
export function conform(shape: Shape, value: Json, path = "#"): Json {
  if (shape === "json") return value;
  if (typeof shape === "string") return scalar(shape, value, path);
  if (isList(shape)) {
    if (!Array.isArray(value)) throw wrongType(path, "JSONArray", value);
    return value.map((item, index) => conform(shape[0], item, `${path}/${index}`));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrongType(path, "JSONObject", value);
  const result: JsonObject = {};
  for (const [key, inner] of Object.entries(value)) {
    const member = shape[key] ?? shape["*"];
    if (member === undefined) throw new ShapeError(`${path}: extraneous key [${key}] is not permitted`);
    result[key] = conform(member, inner, `${path}/${key}`);
  }
  return result;
}

function isList(shape: Exclude<Shape, string>): shape is readonly [Shape] {
  return Array.isArray(shape);
}

function scalar(shape: "string" | "integer" | "number" | "boolean", value: Json, path: string): Json {
  const plain = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  if (!plain) throw wrongType(path, wordFor[shape], value);
  if (shape === "string") return String(value);
  if (shape === "boolean") {
    if (value === true || value === "true") return true;
    if (value === false || value === "false") return false;
    throw wrongType(path, wordFor[shape], value);
  }
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number !== "number" || Number.isNaN(number)) throw wrongType(path, wordFor[shape], value);
  if (shape === "integer" && !Number.isInteger(number)) throw wrongType(path, wordFor[shape], value);
  return number;
}

const wordFor = { string: "String", integer: "Integer", number: "Number", boolean: "Boolean" } as const;

function wrongType(path: string, expected: string, value: Json): ShapeError {
  return new ShapeError(`${path}: expected type: ${expected}, found: ${JSON.stringify(value)}`);
}
