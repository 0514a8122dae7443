import type {
  CreateFunctionCommandInput,
  DeleteFunctionCommandInput,
  FunctionConfiguration,
  GetFunctionCommandInput,
  GetFunctionCommandOutput,
  ListFunctionsCommandInput,
  ListFunctionsCommandOutput,
  PutFunctionConcurrencyCommandInput,
  UpdateFunctionCodeCommandInput,
  UpdateFunctionConfigurationCommandInput,
} from "@aws-sdk/client-lambda";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Kernel, Operation, Requirement } from "../core/kernel.ts";
import { requestTagConditions } from "../core/tag-conditions.ts";
import { conflict, type FunctionCatalog, functionNotFound, invalidParameter } from "./catalog.ts";
import { configure } from "./configuration.ts";
import { describeVersion, type FunctionRecord, functionArn, type VersionRecord } from "./function-record.ts";
import { parseFunctionReference } from "./names.ts";
import type { Packages } from "./packages.ts";
import { page } from "./paging.ts";
import type { FunctionPolicies } from "./policies.ts";
import type { FunctionRunner } from "./runner.ts";
import { publish, refuseChanging } from "./versions.ts";
import { assertAttachable } from "./vpc.ts";

export interface FunctionParts {
  catalog: FunctionCatalog;
  packages: Packages;
  policies: FunctionPolicies;
  runner: FunctionRunner;
}

/** Unreserved concurrency that must remain for other functions. Source: "Lambda quotas" and "Reserved concurrency". */
const accountConcurrency = 1000;
const unreservedMinimum = 100;

/** Operations that make, change, show and remove functions. */
export function functionOperations(kernel: Kernel, parts: FunctionParts): Record<string, Operation> {
  const { catalog } = parts;
  return {
    CreateFunction: {
      permissions: (input: CreateFunctionCommandInput) => {
        const { name } = parseFunctionReference(input.FunctionName);
        const resource = functionArn(kernel, name);
        const context = requestTagConditions(input.Tags);
        return [{ action: "lambda:CreateFunction", resource, context }, ...passRole(kernel, name, input.Role)];
      },
      run: (input: CreateFunctionCommandInput, call) => create(kernel, parts, input, call),
    },
    UpdateFunctionCode: {
      permissions: (input: UpdateFunctionCodeCommandInput) => catalog.requirement("UpdateFunctionCode", input),
      run: (input: UpdateFunctionCodeCommandInput, call) => updateCode(kernel, parts, input, call),
    },
    UpdateFunctionConfiguration: {
      permissions: (input: UpdateFunctionConfigurationCommandInput) => {
        const { name } = parseFunctionReference(input.FunctionName);
        return [...catalog.requirement("UpdateFunctionConfiguration", input), ...passRole(kernel, name, input.Role)];
      },
      run: (input: UpdateFunctionConfigurationCommandInput) => updateConfiguration(kernel, parts, input),
    },
    GetFunction: {
      permissions: (input: GetFunctionCommandInput) => catalog.requirement("GetFunction", input),
      run: (input: GetFunctionCommandInput) => getFunction(kernel, catalog, input),
    },
    GetFunctionConfiguration: {
      permissions: (input: GetFunctionCommandInput) => catalog.requirement("GetFunctionConfiguration", input),
      run: (input: GetFunctionCommandInput) => {
        const reference = parseFunctionReference(input.FunctionName, input.Qualifier);
        return describeVersion(kernel, catalog.resolve(reference).version, reference.qualifier !== undefined);
      },
    },
    ListFunctions: { run: (input: ListFunctionsCommandInput) => list(kernel, catalog, input) },
    DeleteFunction: {
      permissions: (input: DeleteFunctionCommandInput) => catalog.requirement("DeleteFunction", input),
      run: (input: DeleteFunctionCommandInput) => remove(parts, input),
    },
    PutFunctionConcurrency: {
      permissions: (input: PutFunctionConcurrencyCommandInput) => catalog.requirement("PutFunctionConcurrency", input),
      run: (input: PutFunctionConcurrencyCommandInput) => reserve(catalog, input),
    },
    GetFunctionConcurrency: {
      permissions: (input: GetFunctionCommandInput) => catalog.requirement("GetFunctionConcurrency", input),
      run: (input: GetFunctionCommandInput) => ({
        ReservedConcurrentExecutions: catalog.find(parseFunctionReference(input.FunctionName).name).reservedConcurrency,
      }),
    },
    DeleteFunctionConcurrency: {
      permissions: (input: GetFunctionCommandInput) => catalog.requirement("DeleteFunctionConcurrency", input),
      run: (input: GetFunctionCommandInput) => {
        const { reservedConcurrency: _, ...rest } = catalog.find(parseFunctionReference(input.FunctionName).name);
        catalog.functions.put(rest.name, rest);
        return {};
      },
    },
  };
}

/** Giving Lambda a role needs iam:PassRole on it. Source: "Actions, resources, and condition keys for AWS IAM". */
function passRole(kernel: Kernel, name: string, role: string | undefined): Requirement[] {
  if (role === undefined) return [];
  const context = {
    "iam:PassedToService": "lambda.amazonaws.com",
    "iam:AssociatedResourceArn": functionArn(kernel, name),
  };
  return [{ action: "iam:PassRole", resource: role, context }];
}

async function create(kernel: Kernel, parts: FunctionParts, input: CreateFunctionCommandInput, call: Call) {
  const { catalog, packages } = parts;
  const { name } = parseFunctionReference(input.FunctionName);
  if (name.length > 64) throw invalidParameter(`The function name ${name} is longer than 64 characters.`);
  refuseExisting(catalog, name);
  const configuration = configure(name, input);
  await assertAssumable(kernel, configuration.role, name);
  if (configuration.vpc) await assertAttachable(kernel, configuration.role, configuration.vpc);
  const code = await packages.take(input.Code ?? {}, call.caller);
  refuseExisting(catalog, name);
  const now = kernel.clock.now();
  const latest: VersionRecord = {
    name,
    version: "$LATEST",
    ...configuration,
    ...code,
    architectures: input.Architectures ?? ["x86_64"],
    revisionId: kernel.random.uuid(),
    lastModifiedMs: now,
    activeAtMs: now + kernel.settings.delays.functionActiveSeconds * 1000,
    updatedAtMs: now,
  };
  catalog.functions.put(name, { name, nextVersion: 1, tags: input.Tags ?? {}, latest });
  return input.Publish ? publish(catalog, name) : describeVersion(kernel, latest, false);
}

function refuseExisting(catalog: FunctionCatalog, name: string): void {
  if (catalog.functions.get(name)) throw conflict(`Function already exist: ${name}`);
}

/** Lambda tries the role when it is given one, so a wrong trust policy shows at once. */
async function assertAssumable(kernel: Kernel, role: string, sessionName: string): Promise<void> {
  try {
    const input = { RoleArn: role, RoleSessionName: sessionName };
    await kernel.call("sts", "AssumeRole", input, kernel.serviceCaller("lambda.amazonaws.com"));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw invalidParameter("The role defined for the function cannot be assumed by Lambda.");
  }
}

/** @throws {AwsError} ResourceConflictException while it is created or changed, PreconditionFailedException for an old revision. */
function changeable(catalog: FunctionCatalog, name: string, revisionId?: string): FunctionRecord {
  const found = catalog.find(name);
  refuseChanging(catalog, name);
  if (revisionId !== undefined && revisionId !== found.latest.revisionId) {
    const message =
      "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id";
    throw new AwsError("PreconditionFailedException", message, 412, { Type: "User" });
  }
  return found;
}

function putLatest(kernel: Kernel, parts: FunctionParts, found: FunctionRecord, change: Partial<VersionRecord>) {
  const now = kernel.clock.now();
  const latest: VersionRecord = {
    ...found.latest,
    ...change,
    revisionId: kernel.random.uuid(),
    lastModifiedMs: now,
    updatedAtMs: now + kernel.settings.delays.functionUpdateSeconds * 1000,
  };
  parts.catalog.functions.put(found.name, { ...found, latest });
  parts.runner.retire(`${found.name}:$LATEST@`);
  return latest;
}

async function updateCode(
  kernel: Kernel,
  parts: FunctionParts,
  input: UpdateFunctionCodeCommandInput,
  call: Call,
): Promise<FunctionConfiguration> {
  const { catalog, packages } = parts;
  const { name } = parseFunctionReference(input.FunctionName);
  changeable(catalog, name, input.RevisionId);
  const code = await packages.take(input, call.caller);
  const found = changeable(catalog, name, input.RevisionId);
  const change = { ...code, ...(input.Architectures && { architectures: input.Architectures }) };
  if (input.DryRun) return describeVersion(kernel, { ...found.latest, ...change }, false);
  const before = found.latest.codeSha256;
  const latest = putLatest(kernel, parts, found, change);
  if (!catalog.usesCode(before)) await packages.remove(before);
  return input.Publish ? publish(catalog, name) : describeVersion(kernel, latest, false);
}

async function updateConfiguration(
  kernel: Kernel,
  parts: FunctionParts,
  input: UpdateFunctionConfigurationCommandInput,
): Promise<FunctionConfiguration> {
  const { name } = parseFunctionReference(input.FunctionName);
  const before = changeable(parts.catalog, name, input.RevisionId);
  const configuration = configure(name, input, before.latest);
  if (configuration.role !== before.latest.role) await assertAssumable(kernel, configuration.role, name);
  if (configuration.vpc) await assertAttachable(kernel, configuration.role, configuration.vpc);
  const found = changeable(parts.catalog, name, input.RevisionId);
  return describeVersion(kernel, putLatest(kernel, parts, found, configuration), false);
}

function getFunction(kernel: Kernel, catalog: FunctionCatalog, input: GetFunctionCommandInput) {
  const reference = parseFunctionReference(input.FunctionName, input.Qualifier);
  const found = catalog.resolve(reference);
  const reserved = found.function.reservedConcurrency;
  const output: Omit<GetFunctionCommandOutput, "$metadata"> = {
    Configuration: describeVersion(kernel, found.version, reference.qualifier !== undefined),
    Code: { RepositoryType: "S3" },
    ...(Object.keys(found.function.tags).length > 0 && { Tags: found.function.tags }),
    ...(reserved !== undefined && { Concurrency: { ReservedConcurrentExecutions: reserved } }),
  };
  return output;
}

function list(kernel: Kernel, catalog: FunctionCatalog, input: ListFunctionsCommandInput) {
  const all = catalog.functions.list().flatMap((one) => {
    if (input.FunctionVersion !== "ALL") return [describeVersion(kernel, one.latest, false)];
    return [one.latest, ...catalog.versions(one.name)].map((version) => describeVersion(kernel, version, true));
  });
  const { items, next } = page(all, input);
  const output: Omit<ListFunctionsCommandOutput, "$metadata"> = { Functions: items, NextMarker: next };
  return output;
}

async function remove({ catalog, packages, policies, runner }: FunctionParts, input: DeleteFunctionCommandInput) {
  const { name, qualifier } = parseFunctionReference(input.FunctionName, input.Qualifier);
  const found = catalog.find(name);
  if (qualifier === "$LATEST") {
    throw invalidParameter("$LATEST version cannot be deleted without deleting the function.");
  }
  const removed = qualifier === undefined ? catalog.versions(name) : [catalog.resolve({ name, qualifier }).version];
  if (qualifier !== undefined) refuseAliased(catalog, name, qualifier);
  for (const version of removed) {
    catalog.deleteVersion(name, version.version);
    runner.retire(`${name}:${version.version}@`);
  }
  if (qualifier === undefined) {
    catalog.functions.delete(name);
    for (const alias of catalog.aliasesOf(name)) catalog.aliases.delete(`${name}:${alias.alias}`);
    policies.forget(name);
    runner.retire(`${name}:`);
  }
  for (const { codeSha256 } of [found.latest, ...removed]) {
    if (!catalog.usesCode(codeSha256)) await packages.remove(codeSha256);
  }
  return {};
}

function refuseAliased(catalog: FunctionCatalog, name: string, qualifier: string): void {
  if (!/^\d+$/.test(qualifier)) throw functionNotFound(functionArn(catalog.kernel, name, qualifier));
  const aliases = catalog
    .aliasesOf(name)
    .filter((alias) => alias.version === qualifier || alias.extra?.version === qualifier);
  if (aliases.length === 0) return;
  const names = aliases.map((alias) => alias.alias).join(", ");
  throw conflict(`Version was not deleted because the following aliases reference it: [${names}]`);
}

function reserve(catalog: FunctionCatalog, input: PutFunctionConcurrencyCommandInput) {
  const found = catalog.find(parseFunctionReference(input.FunctionName).name);
  const wanted = input.ReservedConcurrentExecutions ?? 0;
  const others = catalog.functions.list().filter((one) => one.name !== found.name);
  const reserved = others.reduce((sum, one) => sum + (one.reservedConcurrency ?? 0), wanted);
  if (accountConcurrency - reserved < unreservedMinimum) {
    throw invalidParameter(
      `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${unreservedMinimum}].`,
    );
  }
  catalog.functions.put(found.name, { ...found, reservedConcurrency: wanted });
  return { ReservedConcurrentExecutions: wanted };
}
