import type { FunctionConfiguration } from "@aws-sdk/client-lambda";
import { type ResourceContext, resourceType, tagList } from "../resource-type.ts";
import type { ValueOf } from "../shape.ts";

const codeShape = { S3Bucket: "string", S3Key: "string", S3ObjectVersion: "string", ZipFile: "string" } as const;

const functionShape = {
  FunctionName: "string",
  Code: codeShape,
  Handler: "string",
  Role: "string",
  Runtime: "string",
  Description: "string",
  MemorySize: "integer",
  Timeout: "integer",
  Environment: { Variables: { "*": "string" } },
  Architectures: ["string"],
  EphemeralStorage: { Size: "integer" },
  TracingConfig: { Mode: "string" },
  LoggingConfig: {
    LogFormat: "string",
    LogGroup: "string",
    ApplicationLogLevel: "string",
    SystemLogLevel: "string",
  },
  DeadLetterConfig: { TargetArn: "string" },
  VpcConfig: { SubnetIds: ["string"], SecurityGroupIds: ["string"], Ipv6AllowedForDualStack: "boolean" },
  KmsKeyArn: "string",
  PackageType: "string",
  Layers: ["string"],
  ReservedConcurrentExecutions: "integer",
  Tags: tagList,
} as const;

type FunctionProperties = { [K in keyof typeof functionShape]?: ValueOf<(typeof functionShape)[K]> };

/** The part of the properties that UpdateFunctionConfiguration takes, under the API's names. */
function configurationOf(properties: FunctionProperties) {
  const { Handler, Role, Runtime, Description, MemorySize, Timeout, Environment, EphemeralStorage } = properties;
  const { TracingConfig, LoggingConfig, DeadLetterConfig, VpcConfig, KmsKeyArn, Layers } = properties;
  return {
    Handler,
    Role,
    Runtime,
    Description,
    MemorySize,
    Timeout,
    Environment,
    EphemeralStorage,
    TracingConfig,
    LoggingConfig,
    DeadLetterConfig,
    VpcConfig,
    KMSKeyArn: KmsKeyArn,
    Layers,
  };
}

/** What a property means when it is taken out of the template again. */
const configurationDefaults = {
  Description: "",
  MemorySize: 128,
  Timeout: 3,
  Environment: { Variables: {} },
  EphemeralStorage: { Size: 512 },
  TracingConfig: { Mode: "PassThrough" },
  DeadLetterConfig: { TargetArn: "" },
  VpcConfig: { SubnetIds: [], SecurityGroupIds: [] },
  KMSKeyArn: "",
};

/** Inline code is the text of `index.js`; only small test functions use it, and the embedded cloud refuses it by name. */
function codeOf(code: ValueOf<typeof codeShape>) {
  if (code.ZipFile !== undefined) {
    throw new Error("the embedded cloud has no inline code (Code.ZipFile); put the package into S3");
  }
  return code;
}

async function setConcurrency(FunctionName: string, wanted: number | undefined, context: ResourceContext) {
  if (wanted === undefined) await context.call("lambda", "DeleteFunctionConcurrency", { FunctionName });
  else {
    const input = { FunctionName, ReservedConcurrentExecutions: wanted };
    await context.call("lambda", "PutFunctionConcurrency", input);
  }
}

async function isActive(FunctionName: string, context: ResourceContext): Promise<boolean> {
  const state = await context.call<FunctionConfiguration>("lambda", "GetFunctionConfiguration", { FunctionName });
  return state.State === "Active" && state.LastUpdateStatus === "Successful";
}

export const lambdaFunction = resourceType({
  shape: functionShape,
  required: ["Code", "Role"],
  replaces: ["FunctionName", "PackageType"],
  nameProperty: "FunctionName",
  async create(properties, context) {
    const FunctionName = properties.FunctionName ?? context.name(64);
    const input = {
      FunctionName,
      ...configurationOf(properties),
      Code: codeOf(properties.Code),
      Architectures: properties.Architectures,
      PackageType: properties.PackageType,
      Tags: context.tagMap(properties.Tags),
    };
    await context.create("lambda", "CreateFunction", input, "ResourceConflictException");
    return { id: FunctionName, attributes: { Arn: context.arn("lambda", `function:${FunctionName}`) } };
  },
  async complete(FunctionName, { ReservedConcurrentExecutions }, context) {
    if (ReservedConcurrentExecutions !== undefined) {
      await setConcurrency(FunctionName, ReservedConcurrentExecutions, context);
    }
  },
  isReady: isActive,
  async update(FunctionName, properties, before, context) {
    const after = configurationOf(properties);
    if (JSON.stringify(after) !== JSON.stringify(configurationOf(before))) {
      const given = Object.fromEntries(Object.entries(after).filter(([, value]) => value !== undefined));
      const input = { FunctionName, ...configurationDefaults, ...given };
      await context.call("lambda", "UpdateFunctionConfiguration", input);
    }
    const codeChanged =
      JSON.stringify([properties.Code, properties.Architectures]) !==
      JSON.stringify([before.Code, before.Architectures]);
    if (codeChanged) {
      // Lambda takes one change at a time.
      await context.until(() => isActive(FunctionName, context));
      const input = { FunctionName, ...codeOf(properties.Code), Architectures: properties.Architectures };
      await context.call("lambda", "UpdateFunctionCode", input);
    }
    if (properties.ReservedConcurrentExecutions !== before.ReservedConcurrentExecutions) {
      await setConcurrency(FunctionName, properties.ReservedConcurrentExecutions, context);
    }
    const Resource = context.arn("lambda", `function:${FunctionName}`);
    const tags = context.tagMap(properties.Tags);
    const TagKeys = context.removedTagKeys(before.Tags, properties.Tags);
    if (TagKeys.length > 0) await context.call("lambda", "UntagResource", { Resource, TagKeys });
    if (Object.keys(tags).length > 0) await context.call("lambda", "TagResource", { Resource, Tags: tags });
    return undefined;
  },
  remove: (FunctionName, _properties, context) =>
    context.remove("lambda", "DeleteFunction", { FunctionName }, "ResourceNotFoundException"),
});

/** A published version; its Ref is the qualified ARN. */
export const lambdaVersion = resourceType({
  shape: { FunctionName: "string", CodeSha256: "string", Description: "string" },
  required: ["FunctionName"],
  async create(properties, context) {
    const made = await context.call<FunctionConfiguration>("lambda", "PublishVersion", properties);
    const arn = made.FunctionArn ?? "";
    return { id: arn, attributes: { FunctionArn: arn, Version: made.Version ?? "" } };
  },
  isReady: isActive,
  remove: (arn, _properties, context) =>
    context.remove("lambda", "DeleteFunction", { FunctionName: arn }, "ResourceNotFoundException"),
});

const aliasShape = {
  FunctionName: "string",
  Name: "string",
  FunctionVersion: "string",
  Description: "string",
  RoutingConfig: { AdditionalVersionWeights: [{ FunctionVersion: "string", FunctionWeight: "number" }] },
} as const;

function aliasInput(properties: { [K in keyof typeof aliasShape]?: ValueOf<(typeof aliasShape)[K]> }) {
  const { RoutingConfig, ...rest } = properties;
  const weights = (RoutingConfig?.AdditionalVersionWeights ?? []).map(
    ({ FunctionVersion, FunctionWeight }) => [FunctionVersion, FunctionWeight] as const,
  );
  return { ...rest, RoutingConfig: { AdditionalVersionWeights: Object.fromEntries(weights) } };
}

export const lambdaAlias = resourceType({
  shape: aliasShape,
  required: ["FunctionName", "Name", "FunctionVersion"],
  replaces: ["FunctionName", "Name"],
  nameProperty: "Name",
  async create(properties, context) {
    const input = aliasInput(properties);
    type Output = { AliasArn?: string };
    const made =
      (await context.create<Output>("lambda", "CreateAlias", input, "ResourceConflictException")) ??
      (await context.call<Output>("lambda", "UpdateAlias", input));
    const arn = made.AliasArn ?? "";
    return { id: arn, attributes: { AliasArn: arn } };
  },
  async update(_id, properties, _before, context) {
    await context.call("lambda", "UpdateAlias", aliasInput(properties));
    return undefined;
  },
  remove: (_id, { FunctionName, Name }, context) =>
    context.remove("lambda", "DeleteAlias", { FunctionName, Name }, "ResourceNotFoundException"),
});

export const lambdaPermission = resourceType({
  shape: {
    FunctionName: "string",
    Action: "string",
    Principal: "string",
    SourceArn: "string",
    SourceAccount: "string",
  },
  required: ["FunctionName", "Action", "Principal"],
  async create(properties, context) {
    const StatementId = context.name(100);
    await context.create("lambda", "AddPermission", { ...properties, StatementId }, "ResourceConflictException");
    return { id: StatementId, attributes: { Id: StatementId } };
  },
  remove: (StatementId, { FunctionName }, context) =>
    context.remove("lambda", "RemovePermission", { FunctionName, StatementId }, "ResourceNotFoundException"),
});

const eventInvokeShape = {
  FunctionName: "string",
  Qualifier: "string",
  MaximumRetryAttempts: "integer",
  MaximumEventAgeInSeconds: "integer",
  DestinationConfig: { OnFailure: { Destination: "string" }, OnSuccess: { Destination: "string" } },
} as const;

export const lambdaEventInvokeConfig = resourceType({
  shape: eventInvokeShape,
  required: ["FunctionName", "Qualifier"],
  replaces: ["FunctionName", "Qualifier"],
  async create(properties, context) {
    await context.call("lambda", "PutFunctionEventInvokeConfig", properties);
    return { id: context.name(100) };
  },
  async update(_id, properties, _before, context) {
    await context.call("lambda", "PutFunctionEventInvokeConfig", properties);
    return undefined;
  },
  remove: (_id, { FunctionName, Qualifier }, context) =>
    context.remove(
      "lambda",
      "DeleteFunctionEventInvokeConfig",
      { FunctionName, Qualifier },
      "ResourceNotFoundException",
    ),
});
