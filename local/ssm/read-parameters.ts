import type {
  DescribeParametersCommandInput,
  GetParameterCommandInput,
  GetParameterHistoryCommandInput,
  GetParametersByPathCommandInput,
  GetParametersCommandInput,
  Parameter,
  ParameterStringFilter,
} from "@aws-sdk/client-ssm";
import { AwsError } from "../core/aws-error.ts";
import type { Call } from "../core/kernel.ts";
import { parameterNotFound, validation } from "./errors.ts";
import { current, describeParameter, type ParameterRecord, parameterArn } from "./parameter-record.ts";
import type { ParameterStore } from "./parameter-store.ts";

/** Source: API reference of GetParameters: at most ten names. */
const maxNames = 10;

/** `name`, `name:3` or `name:label`; an ARN may end in a selector too. */
function splitSelector(text: string): { name: string; selector: string | undefined } {
  const start = text.startsWith("arn:") ? text.indexOf(":parameter") + 1 : 0;
  const colon = text.indexOf(":", start);
  if (colon < 0) return { name: text, selector: undefined };
  return { name: text.slice(0, colon), selector: text.slice(colon + 1) };
}

/** ARN that a permission to read `text` is judged on. */
export function readArn(store: ParameterStore, text: string): string {
  const { name } = splitSelector(text);
  return name.startsWith("arn:") ? name : parameterArn(store.kernel, name);
}

async function read(store: ParameterStore, text: string, decrypt: boolean, call: Call): Promise<Parameter> {
  const { name, selector } = splitSelector(text);
  const record = store.get(name);
  const version =
    selector === undefined
      ? current(record)
      : record.versions.find((one) => String(one.version) === selector || one.labels.includes(selector));
  if (!version) {
    throw new AwsError(
      "ParameterVersionNotFound",
      `Systems Manager could not find version ${selector} of ${name}. Verify the version and try again.`,
    );
  }
  const value = await store.open(record.name, version, decrypt, call.caller);
  return describeParameter(store.kernel, record, version, value, selector === undefined ? undefined : `:${selector}`);
}

export async function getParameter(store: ParameterStore, input: GetParameterCommandInput, call: Call) {
  return { Parameter: await read(store, input.Name ?? "", input.WithDecryption ?? false, call) };
}

export async function getParameters(store: ParameterStore, input: GetParametersCommandInput, call: Call) {
  const names = input.Names ?? [];
  if (names.length === 0 || names.length > maxNames) {
    throw validation(
      `1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length less than or equal to ${maxNames}`,
    );
  }
  const Parameters: Parameter[] = [];
  const InvalidParameters: string[] = [];
  for (const name of names) {
    try {
      Parameters.push(await read(store, name, input.WithDecryption ?? false, call));
    } catch (error) {
      const missing =
        error instanceof AwsError && (error.code === "ParameterNotFound" || error.code === "ParameterVersionNotFound");
      if (!missing) throw error;
      InvalidParameters.push(name);
    }
  }
  return { Parameters, InvalidParameters };
}

export async function getParametersByPath(store: ParameterStore, input: GetParametersByPathCommandInput, call: Call) {
  const path = input.Path ?? "";
  if (!path.startsWith("/")) throw validation("The parameter path must begin with a slash.");
  const prefix = path.endsWith("/") ? path : `${path}/`;
  const found = store.parameters
    .list(prefix)
    .filter((record) => input.Recursive || !record.name.slice(prefix.length).includes("/"))
    .filter((record) => passes(record, input.ParameterFilters ?? []));
  const { items, NextToken } = page(found, input, 10);
  const Parameters = await Promise.all(
    items.map(async (record) => {
      const version = current(record);
      const value = await store.open(record.name, version, input.WithDecryption ?? false, call.caller);
      return describeParameter(store.kernel, record, version, value);
    }),
  );
  return { Parameters, NextToken };
}

export function describeParameters(store: ParameterStore, input: DescribeParametersCommandInput) {
  if (input.Filters && input.Filters.length > 0) {
    throw validation("The embedded cloud has no Filters of DescribeParameters; use ParameterFilters.");
  }
  const found = store.parameters
    .list()
    .filter((record) => !record.isPublic && passes(record, input.ParameterFilters ?? []));
  const { items, NextToken } = page(found, input, 50);
  return { Parameters: items.map((record) => metadata(store, record)), NextToken };
}

function metadata(store: ParameterStore, record: Readonly<ParameterRecord>) {
  const version = current(record);
  return {
    Name: record.name,
    ARN: parameterArn(store.kernel, record.name),
    Type: version.type,
    ...(version.keyId !== undefined && { KeyId: version.keyId }),
    LastModifiedDate: new Date(version.modifiedAtMs),
    LastModifiedUser: version.modifiedBy,
    Description: version.description,
    AllowedPattern: version.allowedPattern,
    Version: version.version,
    Tier: version.tier,
    Policies: [],
    DataType: version.dataType,
  };
}

export async function getParameterHistory(store: ParameterStore, input: GetParameterHistoryCommandInput, call: Call) {
  const record = store.get(input.Name ?? "");
  const { items, NextToken } = page(record.versions, input, 50);
  const Parameters = await Promise.all(
    items.map(async (version) => ({
      Name: record.name,
      Type: version.type,
      ...(version.keyId !== undefined && { KeyId: version.keyId }),
      LastModifiedDate: new Date(version.modifiedAtMs),
      LastModifiedUser: version.modifiedBy,
      Description: version.description,
      Value: await store.open(record.name, version, input.WithDecryption ?? false, call.caller),
      AllowedPattern: version.allowedPattern,
      Version: version.version,
      Labels: version.labels,
      Tier: version.tier,
      Policies: [],
      DataType: version.dataType,
    })),
  );
  return { Parameters, NextToken };
}

function page<T>(
  all: readonly T[],
  input: { NextToken?: string | undefined; MaxResults?: number | undefined },
  most: number,
): { items: T[]; NextToken: string | undefined } {
  const from = input.NextToken === undefined ? 0 : Number(input.NextToken);
  if (!Number.isInteger(from)) throw new AwsError("InvalidNextToken", "The specified token isn't valid.");
  const size = input.MaxResults ?? most;
  if (size < 1 || size > most) throw validation(`The number ${size} of results is not in the range 1 to ${most}.`);
  const next = from + size < all.length ? String(from + size) : undefined;
  return { items: all.slice(from, from + size), NextToken: next };
}

function passes(record: Readonly<ParameterRecord>, filters: readonly ParameterStringFilter[]): boolean {
  return filters.every(({ Key = "", Option = "Equals", Values = [] }) => {
    const value = filterValue(record, Key);
    if (Key === "Path") return Values.some((path) => inPath(record.name, path, Option));
    if (Values.length === 0) return value !== undefined;
    if (value === undefined) return false;
    if (Option === "Equals") return Values.includes(value);
    if (Option === "BeginsWith") return Values.some((one) => value.startsWith(one));
    if (Option === "Contains") return Values.some((one) => value.includes(one));
    throw new AwsError("InvalidFilterOption", `The filter option ${Option} is not valid for ${Key}.`);
  });
}

function filterValue(record: Readonly<ParameterRecord>, key: string): string | undefined {
  const version = current(record);
  if (key.startsWith("tag:")) return record.tags[key.slice("tag:".length)];
  const values: Readonly<Record<string, string | undefined>> = {
    Name: record.name,
    Path: record.name,
    Type: version.type,
    KeyId: version.keyId,
    Tier: version.tier,
    DataType: version.dataType,
    Label: version.labels[0],
  };
  if (key in values) return values[key];
  throw new AwsError("InvalidFilterKey", `The filter key ${key} is not valid.`);
}

function inPath(name: string, path: string, option: string): boolean {
  const prefix = path.endsWith("/") ? path : `${path}/`;
  if (!name.startsWith(prefix)) return false;
  return option === "Recursive" || !name.slice(prefix.length).includes("/");
}

/** @throws {AwsError} ParameterNotFound for a name that is not there. */
export function deleteParameter(store: ParameterStore, name: string): void {
  const record = store.find(name);
  if (!record || record.isPublic) throw parameterNotFound(name);
  store.parameters.delete(record.name);
  store.kernel.emit("aws.event", {
    source: "aws.ssm",
    "detail-type": "Parameter Store Change",
    resources: [parameterArn(store.kernel, record.name)],
    detail: { operation: "Delete", name: record.name, type: current(record).type },
  });
}
