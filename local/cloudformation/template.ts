import { isMap, isScalar, isSeq, type ParsedNode, parseDocument, type Scalar, type YAMLMap, type YAMLSeq } from "yaml";
import { AwsError } from "../core/aws-error.ts";

/** Any JSON value, as it stands in a template. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export interface TemplateParameter {
  Type: string;
  Default?: Json;
  Description?: string;
  NoEcho?: boolean | string;
  AllowedValues?: Json[];
  AllowedPattern?: string;
  ConstraintDescription?: string;
  MinLength?: number | string;
  MaxLength?: number | string;
  MinValue?: number | string;
  MaxValue?: number | string;
}

export interface TemplateResource {
  Type: string;
  Properties?: JsonObject;
  Condition?: string;
  DependsOn?: string | string[];
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  Metadata?: Json;
}

export interface TemplateOutput {
  Value: Json;
  Description?: string;
  Condition?: string;
  Export?: { Name: Json };
}

export interface Template {
  Description?: string;
  Parameters: Record<string, TemplateParameter>;
  Mappings: Record<string, Record<string, JsonObject>>;
  Conditions: Record<string, Json>;
  Resources: Record<string, TemplateResource>;
  Outputs: Record<string, TemplateOutput>;
}

/** Sections this cloud reads. Metadata is read over; Transform, Rules and Hooks would change what the rest means. */
const sections = new Set([
  "AWSTemplateFormatVersion",
  "Description",
  "Metadata",
  "Parameters",
  "Mappings",
  "Conditions",
  "Resources",
  "Outputs",
]);
const resourceAttributes = new Set([
  "Type",
  "Properties",
  "Condition",
  "DependsOn",
  "DeletionPolicy",
  "UpdateReplacePolicy",
  "Metadata",
]);
const deletionPolicies = new Set(["Delete", "Retain", "RetainExceptOnCreate"]);

export function templateError(message: string): AwsError {
  return new AwsError("ValidationError", message);
}

/**
 * Reads a template in JSON or YAML, short tags such as `!Ref` included.
 * @throws {AwsError} ValidationError, naming what is wrong or what this cloud lacks.
 */
export function parseTemplate(body: string): Template {
  const parsed = parseBody(body);
  if (!isObject(parsed)) throw templateError("Template format error: unsupported structure.");
  const unknown = Object.keys(parsed).filter((section) => !sections.has(section));
  if (unknown.length > 0) {
    throw templateError(`Invalid template property or properties [${unknown.join(", ")}]`);
  }
  const template: Template = {
    ...(typeof parsed["Description"] === "string" && { Description: parsed["Description"] }),
    Parameters: section(parsed, "Parameters"),
    Mappings: section(parsed, "Mappings"),
    Conditions: section(parsed, "Conditions"),
    Resources: section(parsed, "Resources"),
    Outputs: section(parsed, "Outputs"),
  };
  if (Object.keys(template.Resources).length === 0) {
    throw templateError("Template format error: At least one Resources member must be defined.");
  }
  for (const [logicalId, resource] of Object.entries(template.Resources)) checkResource(logicalId, resource);
  for (const [name, output] of Object.entries(template.Outputs)) {
    if (!isObject(output) || output.Value === undefined) {
      throw templateError(
        `Template format error: Output ${name} is malformed. The Value field of every Outputs member must be specified.`,
      );
    }
  }
  return template;
}

function section<T>(parsed: JsonObject, name: string): Record<string, T> {
  const found = parsed[name] ?? {};
  if (!isObject(found)) throw templateError(`Template format error: ${name} is not an object.`);
  return found as unknown as Record<string, T>;
}

function checkResource(logicalId: string, resource: TemplateResource): void {
  const where = `[/Resources/${logicalId}]`;
  if (!/^[A-Za-z0-9]+$/.test(logicalId)) {
    throw templateError(`Template format error: Resource name ${logicalId} is non alphanumeric.`);
  }
  if (!isObject(resource) || typeof resource.Type !== "string") {
    throw templateError(`Template format error: ${where} Every Resources object must contain a Type member.`);
  }
  const unknown = Object.keys(resource).filter((attribute) => !resourceAttributes.has(attribute));
  if (unknown.length > 0) {
    throw templateError(`Invalid template resource property '${unknown.join("', '")}' at ${where}`);
  }
  for (const attribute of ["DeletionPolicy", "UpdateReplacePolicy"] as const) {
    const policy = resource[attribute];
    if (policy !== undefined && !deletionPolicies.has(policy)) {
      throw templateError(`Template error: Unrecognized ${attribute} ${policy} for resource ${logicalId}`);
    }
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseBody(body: string): Json {
  if (body.trimStart().startsWith("{")) {
    try {
      return JSON.parse(body) as Json;
    } catch (error) {
      throw templateError(`Template format error: JSON not well-formed. (${(error as Error).message})`);
    }
  }
  const document = parseDocument(body, { version: "1.1", customTags: [], logLevel: "silent" });
  const [problem] = document.errors;
  if (problem) throw templateError(`Template format error: YAML not well-formed. (${problem.message})`);
  return fromYaml(document.contents);
}

/** YAML nodes to JSON; a tag `!X` is the long form `{"Fn::X": …}`, or `Ref` and `Condition` as they are. */
function fromYaml(node: ParsedNode | null): Json {
  const value = plainYaml(node);
  const tag = node?.tag;
  if (tag === undefined || !tag.startsWith("!") || tag.startsWith("!!")) return value;
  const name = tag.slice(1);
  if (name === "Ref" || name === "Condition") return { [name]: value };
  if (name === "GetAtt" && typeof value === "string") {
    const dot = value.indexOf(".");
    return { "Fn::GetAtt": [value.slice(0, dot), value.slice(dot + 1)] };
  }
  return { [`Fn::${name}`]: value };
}

function plainYaml(node: ParsedNode | null): Json {
  if (isMap(node)) {
    const entries = (node as YAMLMap<ParsedNode, ParsedNode | null>).items.map(
      (pair) => [String((pair.key as Scalar).value), fromYaml(pair.value)] as const,
    );
    return Object.fromEntries(entries);
  }
  if (isSeq(node)) return (node as YAMLSeq<ParsedNode>).items.map((item) => fromYaml(item));
  if (isScalar(node)) {
    // CloudFormation reads dates such as 2012-10-17 as text.
    return node.value instanceof Date ? String(node.source) : (node.value as Json);
  }
  return null;
}
