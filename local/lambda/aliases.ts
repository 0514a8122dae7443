import type {
  AliasConfiguration,
  CreateAliasCommandInput,
  GetAliasCommandInput,
  ListAliasesCommandInput,
  UpdateAliasCommandInput,
} from "@aws-sdk/client-lambda";
import { AwsError } from "../core/aws-error.ts";
import type { Operation, Requirement } from "../core/kernel.ts";
import { conflict, type FunctionCatalog, invalidParameter } from "./catalog.ts";
import { type AliasRecord, functionArn } from "./function-record.ts";
import { parseFunctionReference } from "./names.ts";
import { page } from "./paging.ts";

/** Operations on aliases: names for versions that can be moved. */
export function aliasOperations(catalog: FunctionCatalog): Record<string, Operation> {
  const on = (action: string) => (input: GetAliasCommandInput) => catalog.requirement(action, input);
  return {
    CreateAlias: { permissions: on("CreateAlias"), run: (input: CreateAliasCommandInput) => create(catalog, input) },
    UpdateAlias: { permissions: on("UpdateAlias"), run: (input: UpdateAliasCommandInput) => update(catalog, input) },
    GetAlias: {
      permissions: on("GetAlias"),
      run: (input: GetAliasCommandInput) => describe(catalog, find(catalog, input)),
    },
    DeleteAlias: {
      permissions: on("DeleteAlias"),
      run: (input: GetAliasCommandInput) => {
        catalog.aliases.delete(`${parseFunctionReference(input.FunctionName).name}:${input.Name}`);
        return {};
      },
    },
    ListAliases: {
      permissions: (input: ListAliasesCommandInput): Requirement[] => catalog.requirement("ListAliases", input),
      run: (input: ListAliasesCommandInput) => {
        const { name } = parseFunctionReference(input.FunctionName);
        catalog.find(name);
        const aliases = catalog
          .aliasesOf(name)
          .filter((alias) => input.FunctionVersion === undefined || alias.version === input.FunctionVersion);
        const { items, next } = page(aliases, input);
        return { Aliases: items.map((alias) => describe(catalog, alias)), NextMarker: next };
      },
    },
  };
}

function create(catalog: FunctionCatalog, input: CreateAliasCommandInput): AliasConfiguration {
  const { name } = parseFunctionReference(input.FunctionName);
  const alias = input.Name ?? "";
  if (!/^(?!^[0-9]+$)[a-zA-Z0-9-_]+$/.test(alias)) throw invalidParameter(`'${alias}' is not a name for an alias.`);
  const key = `${name}:${alias}`;
  if (catalog.aliases.get(key)) {
    throw conflict(`Alias already exists: ${functionArn(catalog.kernel, name, alias)}`);
  }
  const record: AliasRecord = {
    name,
    alias,
    version: existingVersion(catalog, name, input.FunctionVersion),
    description: input.Description ?? "",
    revisionId: catalog.kernel.random.uuid(),
    ...routing(catalog, name, input.RoutingConfig),
  };
  catalog.aliases.put(key, record);
  return describe(catalog, record);
}

function update(catalog: FunctionCatalog, input: UpdateAliasCommandInput): AliasConfiguration {
  const before = find(catalog, input);
  if (input.RevisionId !== undefined && input.RevisionId !== before.revisionId) {
    const message = "The Revision Id provided does not match the latest Revision Id.";
    throw new AwsError("PreconditionFailedException", message, 412);
  }
  const { extra, ...rest } = before;
  const kept = input.RoutingConfig === undefined && extra ? { extra } : {};
  const record: AliasRecord = {
    ...rest,
    ...kept,
    ...(input.FunctionVersion !== undefined && {
      version: existingVersion(catalog, before.name, input.FunctionVersion),
    }),
    ...(input.Description !== undefined && { description: input.Description }),
    ...routing(catalog, before.name, input.RoutingConfig),
    revisionId: catalog.kernel.random.uuid(),
  };
  catalog.aliases.put(`${record.name}:${record.alias}`, record);
  return describe(catalog, record);
}

function find(catalog: FunctionCatalog, input: GetAliasCommandInput): Readonly<AliasRecord> {
  const { name } = parseFunctionReference(input.FunctionName);
  catalog.find(name);
  const found = catalog.aliases.get(`${name}:${input.Name}`);
  if (found) return found;
  const arn = functionArn(catalog.kernel, name, input.Name);
  throw new AwsError("ResourceNotFoundException", `Cannot find alias arn: ${arn}`, 404);
}

function existingVersion(catalog: FunctionCatalog, name: string, version: string | undefined): string {
  catalog.find(name);
  if (version === "$LATEST") {
    throw invalidParameter("The embedded cloud has no aliases of $LATEST; publish a version.");
  }
  if (version !== undefined && catalog.version(name, version)) return version;
  const arn = functionArn(catalog.kernel, name, version);
  throw new AwsError("ResourceNotFoundException", `Function not found: ${arn}`, 404);
}

function routing(
  catalog: FunctionCatalog,
  name: string,
  config: CreateAliasCommandInput["RoutingConfig"],
): Pick<AliasRecord, "extra"> {
  const weights = Object.entries(config?.AdditionalVersionWeights ?? {});
  const [first] = weights;
  if (!first) return {};
  if (weights.length > 1)
    throw invalidParameter("Number of items in AdditionalVersionWeights cannot be greater than 1.");
  const [version, weight] = first;
  if (weight < 0 || weight > 1) throw invalidParameter(`The weight ${weight} is not in the range 0 to 1.`);
  return { extra: { version: existingVersion(catalog, name, version), weight } };
}

function describe(catalog: FunctionCatalog, record: Readonly<AliasRecord>): AliasConfiguration {
  return {
    AliasArn: functionArn(catalog.kernel, record.name, record.alias),
    Name: record.alias,
    FunctionVersion: record.version,
    Description: record.description,
    RevisionId: record.revisionId,
    ...(record.extra && {
      RoutingConfig: { AdditionalVersionWeights: { [record.extra.version]: record.extra.weight } },
    }),
  };
}
