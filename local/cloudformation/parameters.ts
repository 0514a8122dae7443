import type { Parameter } from "@aws-sdk/client-cloudformation";
import type { GetParameterCommandOutput } from "@aws-sdk/client-ssm";
import type { Caller, Kernel } from "../core/kernel.ts";
import type { StackParameter } from "./stack-record.ts";
import { type Template, type TemplateParameter, templateError } from "./template.ts";

const plainTypes = new Set(["String", "Number", "CommaDelimitedList", "List<Number>"]);
const ssmType = /^AWS::SSM::Parameter::(Name|Value<(.+)>)$/;
/** Types such as AWS::EC2::Subnet::Id are text whose existence AWS checks; the calls that use the value find out here. */
const existingType = /^(List<)?AWS::(EC2|Route53)::[A-Za-z:]+>?$/;

/**
 * The value of each parameter of the template, from what was given, what was used before, and the defaults.
 * @throws {AwsError} ValidationError for a missing, unknown or unfit one.
 */
export async function resolveParameters(
  kernel: Kernel,
  template: Template,
  given: readonly Parameter[],
  before: readonly StackParameter[],
  caller: Caller,
): Promise<StackParameter[]> {
  const unknown = given.filter((one) => !template.Parameters[one.ParameterKey ?? ""]);
  if (unknown.length > 0) {
    const names = unknown.map((one) => one.ParameterKey).join(", ");
    throw templateError(`Parameters: [${names}] do not exist in the template`);
  }
  const missing: string[] = [];
  const resolved: StackParameter[] = [];
  for (const [key, declared] of Object.entries(template.Parameters)) {
    const own = given.find((one) => one.ParameterKey === key);
    const previous = before.find((one) => one.key === key)?.value;
    const fallback = declared.Default === undefined ? undefined : String(declared.Default);
    const value = own?.UsePreviousValue ? previous : (own?.ParameterValue ?? fallback);
    if (value === undefined) missing.push(key);
    else {
      check(key, declared, value);
      resolved.push(await fetchValue(kernel, { key, value }, declared, caller));
    }
  }
  if (missing.length > 0) throw templateError(`Parameters: [${missing.join(", ")}] must have values`);
  return resolved;
}

/** The values as functions see them: lists as arrays. */
export function parameterValues(
  template: Template,
  parameters: readonly StackParameter[],
): Record<string, string | string[]> {
  const values: Record<string, string | string[]> = {};
  for (const { key, value, resolvedValue } of parameters) {
    const type = template.Parameters[key]?.Type ?? "String";
    const text = resolvedValue ?? value;
    values[key] = type === "CommaDelimitedList" || type.includes("List<") ? splitList(text) : text;
  }
  return values;
}

function splitList(text: string): string[] {
  return text === "" ? [] : text.split(",").map((item) => item.trim());
}

async function fetchValue(
  kernel: Kernel,
  parameter: StackParameter,
  declared: TemplateParameter,
  caller: Caller,
): Promise<StackParameter> {
  const match = ssmType.exec(declared.Type);
  if (!match) {
    if (plainTypes.has(declared.Type) || existingType.test(declared.Type)) return parameter;
    throw templateError(`Template format error: Unrecognized parameter type: ${declared.Type}`);
  }
  if (match[1] === "Name") return parameter;
  const found = await kernel.call<GetParameterCommandOutput>("ssm", "GetParameter", { Name: parameter.value }, caller);
  return { ...parameter, resolvedValue: found.Parameter?.Value ?? "" };
}

function check(key: string, declared: TemplateParameter, value: string): void {
  const refuse = (constraint: string) => {
    const own = declared.ConstraintDescription;
    throw templateError(`Parameter '${key}' ${own ? `failed to satisfy constraint: ${own}` : constraint}`);
  };
  // Each value of a list is held to them (CloudFormation user guide, "Parameters", AllowedPattern and AllowedValues).
  const values = declared.Type === "CommaDelimitedList" ? value.split(",").map((item) => item.trim()) : [value];
  const { AllowedValues: allowed, AllowedPattern: pattern } = declared;
  if (allowed && !values.every((one) => allowed.map(String).includes(one))) refuse("must be one of AllowedValues");
  if (pattern !== undefined && !values.every((one) => new RegExp(`^(?:${pattern})$`).test(one))) {
    refuse(`must match pattern ${pattern}`);
  }
  if (declared.MinLength !== undefined && value.length < Number(declared.MinLength)) {
    refuse(`must contain at least ${declared.MinLength} characters`);
  }
  if (declared.MaxLength !== undefined && value.length > Number(declared.MaxLength)) {
    refuse(`must contain at most ${declared.MaxLength} characters`);
  }
  if (declared.Type !== "Number") return;
  const number = Number(value);
  if (value.trim() === "" || Number.isNaN(number)) refuse("must be a number");
  if (declared.MinValue !== undefined && number < Number(declared.MinValue)) {
    refuse(`must be a number not less than ${declared.MinValue}`);
  }
  if (declared.MaxValue !== undefined && number > Number(declared.MaxValue)) {
    refuse(`must be a number not greater than ${declared.MaxValue}`);
  }
}
