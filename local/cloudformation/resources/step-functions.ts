import { resourceType, tagList } from "../resource-type.ts";
import type { ValueOf } from "../shape.ts";
import { isObject, type Json } from "../template.ts";

const stateMachineShape = {
  StateMachineName: "string",
  StateMachineType: "string",
  DefinitionString: "string",
  Definition: "json",
  DefinitionSubstitutions: { "*": "string" },
  RoleArn: "string",
  LoggingConfiguration: {
    Level: "string",
    IncludeExecutionData: "boolean",
    Destinations: [{ CloudWatchLogsLogGroup: { LogGroupArn: "string" } }],
  },
  TracingConfiguration: { Enabled: "boolean" },
  EncryptionConfiguration: { Type: "string", KmsKeyId: "string", KmsDataKeyReusePeriodSeconds: "integer" },
  Tags: tagList,
} as const;

type StateMachineProperties = { [K in keyof typeof stateMachineShape]?: ValueOf<(typeof stateMachineShape)[K]> };

interface StateMachineOutput {
  stateMachineArn?: string;
  revisionId?: string;
}

/** The API of Step Functions spells members with a small first letter. */
export function lowerMembers(value: Json): Json {
  if (Array.isArray(value)) return value.map(lowerMembers);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key.charAt(0).toLowerCase() + key.slice(1), lowerMembers(inner)]),
  );
}

function definitionOf(properties: StateMachineProperties): string {
  const text = properties.DefinitionString ?? JSON.stringify(properties.Definition);
  if (text === undefined) throw new Error("#: required key [DefinitionString] not found");
  const substitutions = properties.DefinitionSubstitutions ?? {};
  return text.replace(/\$\{([A-Za-z0-9_,.-]+)\}/g, (whole, name: string) => substitutions[name] ?? whole);
}

function configurationOf(properties: StateMachineProperties) {
  const { LoggingConfiguration, TracingConfiguration, EncryptionConfiguration } = properties;
  return {
    definition: definitionOf(properties),
    roleArn: properties.RoleArn,
    ...(LoggingConfiguration && { loggingConfiguration: lowerMembers(LoggingConfiguration as Json) }),
    ...(TracingConfiguration && { tracingConfiguration: lowerMembers(TracingConfiguration as Json) }),
    ...(EncryptionConfiguration && { encryptionConfiguration: lowerMembers(EncryptionConfiguration as Json) }),
  };
}

export const stateMachine = resourceType({
  shape: stateMachineShape,
  required: ["RoleArn"],
  replaces: ["StateMachineName", "StateMachineType"],
  nameProperty: "StateMachineName",
  async create(properties, context) {
    const name = properties.StateMachineName ?? context.name(80);
    const input = {
      name,
      type: properties.StateMachineType,
      ...configurationOf(properties),
      tags: context.tags(properties.Tags).map(({ Key, Value }) => ({ key: Key, value: Value })),
    };
    // The same name and configuration give the same machine, so a repetition needs nothing special.
    const made = await context.call<StateMachineOutput>("states", "CreateStateMachine", input);
    const arn = made.stateMachineArn ?? "";
    return { id: arn, attributes: { Arn: arn, Name: name, StateMachineRevisionId: "INITIAL" } };
  },
  async update(arn, properties, before, context) {
    const input = { stateMachineArn: arn, ...configurationOf(properties) };
    const changed = await context.call<StateMachineOutput>("states", "UpdateStateMachine", input);
    const after = context.tagMap(properties.Tags);
    const tagKeys = context.removedTagKeys(before.Tags, properties.Tags);
    if (tagKeys.length > 0) await context.call("states", "UntagResource", { resourceArn: arn, tagKeys });
    if (Object.keys(after).length > 0) {
      const tags = Object.entries(after).map(([key, value]) => ({ key, value }));
      await context.call("states", "TagResource", { resourceArn: arn, tags });
    }
    const name = arn.slice(arn.lastIndexOf(":") + 1);
    const revision = changed.revisionId ?? "INITIAL";
    return { id: arn, attributes: { Arn: arn, Name: name, StateMachineRevisionId: revision } };
  },
  remove: (arn, _properties, context) =>
    context.remove("states", "DeleteStateMachine", { stateMachineArn: arn }, "StateMachineDoesNotExist"),
});

export const stateMachineVersion = resourceType({
  shape: { StateMachineArn: "string", StateMachineRevisionId: "string", Description: "string" },
  required: ["StateMachineArn"],
  async create(properties, context) {
    const input = {
      stateMachineArn: properties.StateMachineArn,
      revisionId: properties.StateMachineRevisionId,
      description: properties.Description,
    };
    const made = await context.call<{ stateMachineVersionArn?: string }>("states", "PublishStateMachineVersion", input);
    const arn = made.stateMachineVersionArn ?? "";
    return { id: arn, attributes: { Arn: arn } };
  },
  remove: (arn, _properties, context) =>
    context.remove("states", "DeleteStateMachineVersion", { stateMachineVersionArn: arn }, "ResourceNotFound"),
});

const aliasShape = {
  Name: "string",
  Description: "string",
  RoutingConfiguration: [{ StateMachineVersionArn: "string", Weight: "integer" }],
} as const;

function routesOf(routes: ValueOf<typeof aliasShape.RoutingConfiguration>) {
  return routes.map(({ StateMachineVersionArn, Weight }) => ({
    stateMachineVersionArn: StateMachineVersionArn,
    weight: Weight,
  }));
}

export const stateMachineAlias = resourceType({
  shape: aliasShape,
  required: ["RoutingConfiguration"],
  replaces: ["Name"],
  nameProperty: "Name",
  async create(properties, context) {
    const input = {
      name: properties.Name ?? context.name(80),
      description: properties.Description,
      routingConfiguration: routesOf(properties.RoutingConfiguration),
    };
    const made = await context.call<{ stateMachineAliasArn?: string }>("states", "CreateStateMachineAlias", input);
    const arn = made.stateMachineAliasArn ?? "";
    return { id: arn, attributes: { Arn: arn } };
  },
  async update(stateMachineAliasArn, properties, _before, context) {
    await context.call("states", "UpdateStateMachineAlias", {
      stateMachineAliasArn,
      description: properties.Description,
      routingConfiguration: routesOf(properties.RoutingConfiguration),
    });
    return undefined;
  },
  remove: (stateMachineAliasArn, _properties, context) =>
    context.remove("states", "DeleteStateMachineAlias", { stateMachineAliasArn }, "ResourceNotFound"),
});
