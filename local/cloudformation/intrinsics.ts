import { isObject, type Json, type JsonObject, type Template, templateError } from "./template.ts";

/** What functions in a template may refer to while one stack is being worked on. */
export interface Scope {
  template: Template;
  /** Values of the parameters, lists as arrays. */
  parameters: Readonly<Record<string, string | string[]>>;
  /** AWS::Region and the others. */
  pseudo: Readonly<Record<string, string | string[]>>;
  /** A resource that exists: what Ref gives, and its attributes. Undefined while it does not. */
  resource(logicalId: string): { ref: string; attributes: Readonly<Record<string, Json>> } | undefined;
}

/** Stands for AWS::NoValue until the object or list around it drops it. */
const noValue = Symbol("AWS::NoValue");
type Value = Json | typeof noValue;

/**
 * Evaluates every intrinsic function in `value`.
 * @throws {AwsError} ValidationError for a malformed, unknown or unresolvable one.
 */
export function evaluate(value: Json, scope: Scope): Json {
  const result = evaluateValue(value, scope);
  return result === noValue ? null : result;
}

/** Whether a condition holds. @throws {AwsError} ValidationError when it is not defined. */
export function holds(name: string, scope: Scope): boolean {
  const condition = scope.template.Conditions[name];
  if (condition === undefined) {
    throw templateError(`Template format error: Unresolved condition dependency ${name}`);
  }
  return truth(condition, scope);
}

function evaluateValue(value: Json, scope: Scope): Value {
  if (Array.isArray(value)) {
    return value.map((item) => evaluateValue(item, scope)).filter((item) => item !== noValue);
  }
  if (!isObject(value)) return value;
  const intrinsic = intrinsicOf(value);
  if (intrinsic) return intrinsic.apply(intrinsic.argument, scope);
  const result: JsonObject = {};
  for (const [key, inner] of Object.entries(value)) {
    const evaluated = evaluateValue(inner, scope);
    if (evaluated !== noValue) result[key] = evaluated;
  }
  return result;
}

type Apply = (argument: Json, scope: Scope) => Value;

function intrinsicOf(value: JsonObject): { argument: Json; apply: Apply } | undefined {
  const [key, ...others] = Object.keys(value);
  if (key === undefined || others.length > 0) return undefined;
  const apply = functions[key];
  if (apply) return { argument: value[key] ?? null, apply };
  if (key.startsWith("Fn::")) {
    throw templateError(`Template error: the embedded cloud does not have the intrinsic function ${key}`);
  }
  return undefined;
}

const functions: Readonly<Record<string, Apply>> = {
  Ref: (argument, scope) => reference(text(argument, "Ref"), scope),
  "Fn::GetAtt": (argument, scope) => {
    const [logicalId, attribute] = attributeParts(argument);
    return attributeOf(logicalId, text(evaluate(attribute, scope), "Fn::GetAtt"), scope);
  },
  "Fn::Sub": (argument, scope) => substitute(argument, scope),
  "Fn::Join": (argument, scope) => {
    const [delimiter, items] = list(argument, "Fn::Join", 2);
    const values = list(evaluate(items ?? null, scope), "Fn::Join");
    return values.map((item) => text(item, "Fn::Join")).join(text(delimiter ?? null, "Fn::Join"));
  },
  "Fn::Select": (argument, scope) => {
    const [index, items] = list(argument, "Fn::Select", 2);
    const values = list(evaluate(items ?? null, scope), "Fn::Select");
    const chosen = values[Number(evaluate(index ?? null, scope))];
    if (chosen === undefined)
      throw templateError("Template error: Fn::Select cannot select nonexistent value at index");
    return chosen;
  },
  "Fn::Split": (argument, scope) => {
    const [delimiter, source] = list(argument, "Fn::Split", 2);
    return text(evaluate(source ?? null, scope), "Fn::Split").split(text(delimiter ?? null, "Fn::Split"));
  },
  "Fn::FindInMap": (argument, scope) => {
    const [map, first, second] = list(argument, "Fn::FindInMap", 3).map((part) =>
      text(evaluate(part, scope), "Fn::FindInMap"),
    );
    const found = scope.template.Mappings[map ?? ""]?.[first ?? ""]?.[second ?? ""];
    if (found === undefined) {
      throw templateError(`Template error: Unable to get mapping for ${map}::${first}::${second}`);
    }
    return found;
  },
  "Fn::Base64": (argument, scope) => Buffer.from(text(evaluate(argument, scope), "Fn::Base64")).toString("base64"),
  "Fn::If": (argument, scope) => {
    const [condition, yes, no] = list(argument, "Fn::If", 3);
    return evaluateValue((holds(text(condition ?? null, "Fn::If"), scope) ? yes : no) ?? null, scope);
  },
  Condition: (argument, scope) => {
    // In a policy statement `Condition` is a member like any other; only a name is a reference to a condition.
    if (typeof argument !== "string") return { Condition: evaluate(argument, scope) };
    return holds(argument, scope);
  },
  "Fn::Equals": (argument, scope) => truth({ "Fn::Equals": argument }, scope),
  "Fn::And": (argument, scope) => truth({ "Fn::And": argument }, scope),
  "Fn::Or": (argument, scope) => truth({ "Fn::Or": argument }, scope),
  "Fn::Not": (argument, scope) => truth({ "Fn::Not": argument }, scope),
};

function truth(condition: Json, scope: Scope): boolean {
  if (!isObject(condition))
    throw templateError("Template format error: Every Conditions member must be a condition function.");
  const [key] = Object.keys(condition);
  const argument = condition[key ?? ""] ?? null;
  const parts = () => list(argument, key ?? "").map((part) => truth(part, scope));
  switch (key) {
    case "Condition":
      return holds(text(argument, "Condition"), scope);
    case "Fn::Equals": {
      const [left, right] = list(argument, key, 2).map((side) => evaluate(side, scope));
      return JSON.stringify(comparable(left)) === JSON.stringify(comparable(right));
    }
    case "Fn::And":
      return parts().every(Boolean);
    case "Fn::Or":
      return parts().some(Boolean);
    case "Fn::Not":
      return !parts()[0];
    default:
      throw templateError(`Template format error: ${key} is not a condition function.`);
  }
}

/** Scalars are compared as text: `true` equals `"true"`. */
function comparable(value: Json | undefined): Json {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : (value ?? null);
}

function reference(name: string, scope: Scope): Value {
  if (name === "AWS::NoValue") return noValue;
  const pseudo = scope.pseudo[name];
  if (pseudo !== undefined) return pseudo;
  const parameter = scope.parameters[name];
  if (parameter !== undefined) return parameter;
  const resource = scope.resource(name);
  if (resource) return resource.ref;
  throw unresolved(name);
}

function attributeOf(logicalId: string, attribute: string, scope: Scope): Json {
  const resource = scope.resource(logicalId);
  if (!resource) throw unresolved(logicalId);
  const value = resource.attributes[attribute];
  if (value === undefined) {
    const type = scope.template.Resources[logicalId]?.Type;
    throw templateError(
      `Template error: resource ${logicalId} of type ${type} does not support attribute type ${attribute} in Fn::GetAtt`,
    );
  }
  return value;
}

function unresolved(name: string) {
  return templateError(
    `Template format error: Unresolved resource dependencies [${name}] in the Resources block of the template`,
  );
}

function substitute(argument: Json, scope: Scope): string {
  const [template, variables] = Array.isArray(argument) ? argument : [argument, {}];
  const own = isObject(variables) ? variables : {};
  return text(template ?? null, "Fn::Sub").replace(placeholder, (_, escaped: string | undefined, name: string) => {
    if (escaped) return `\${${name}}`;
    const key = name.trim();
    const mine = own[key];
    if (mine !== undefined) return text(evaluate(mine, scope), "Fn::Sub");
    const dot = key.indexOf(".");
    const value = dot < 0 ? reference(key, scope) : attributeOf(key.slice(0, dot), key.slice(dot + 1), scope);
    return text(value === noValue ? null : value, "Fn::Sub");
  });
}

/** `${Name}`, `${Resource.Attribute}` and, escaped, `${!Literal}`. */
const placeholder = /\$\{(!)?([^}]*)\}/g;

function text(value: Json, where: string): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw templateError(`Template error: every value of ${where} must be a string, not ${JSON.stringify(value)}`);
}

function list(value: Json, where: string, length?: number): Json[] {
  if (Array.isArray(value) && (length === undefined || value.length === length)) return value;
  throw templateError(`Template error: ${where} needs a list${length === undefined ? "" : ` of ${length} items`}`);
}

function attributeParts(argument: Json): [logicalId: string, attribute: Json] {
  if (typeof argument === "string") {
    const dot = argument.indexOf(".");
    return [argument.slice(0, dot), argument.slice(dot + 1)];
  }
  const [logicalId, attribute] = list(argument, "Fn::GetAtt", 2);
  return [text(logicalId ?? null, "Fn::GetAtt"), attribute ?? null];
}

/** Every resource, parameter or pseudo parameter that `value` refers to, in any branch. */
export function referencesIn(value: Json): Set<string> {
  const found = new Set<string>();
  collect(value, found);
  return found;
}

function collect(value: Json, found: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, found);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === "Ref" && typeof inner === "string") found.add(inner);
    else if (key === "Fn::GetAtt") found.add(attributeParts(inner)[0]);
    else if (key === "Fn::Sub") collectSub(inner, found);
    if (key !== "Fn::GetAtt") collect(inner, found);
  }
}

function collectSub(argument: Json, found: Set<string>): void {
  const [template, variables] = Array.isArray(argument) ? argument : [argument, {}];
  const own = isObject(variables) ? variables : {};
  for (const [, escaped, name] of String(template).matchAll(placeholder)) {
    const key = (name ?? "").trim();
    if (escaped || own[key] !== undefined) continue;
    found.add(key.split(".")[0] ?? key);
  }
}
