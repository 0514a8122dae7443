import { type ResourceContext, removedKeys, resourceType } from "../resource-type.ts";

const parameterShape = {
  Name: "string",
  Type: "string",
  Value: "string",
  Description: "string",
  AllowedPattern: "string",
  DataType: "string",
  Tier: "string",
  Tags: { "*": "string" },
} as const;

function tagsOf(own: Record<string, string> | undefined, context: ResourceContext) {
  return Object.entries(context.tagMap(own)).map(([Key, Value]) => ({ Key, Value }));
}

export const parameter = resourceType({
  shape: parameterShape,
  required: ["Type", "Value"],
  replaces: ["Name"],
  nameProperty: "Name",
  async create(properties, context) {
    const Name = properties.Name ?? `CFN-${context.name(200)}`;
    const input = { ...properties, Name, Tags: tagsOf(properties.Tags, context) };
    await context.create("ssm", "PutParameter", input, "ParameterAlreadyExists");
    return { id: Name, attributes: { Type: properties.Type, Value: properties.Value } };
  },
  async update(Name, properties, before, context) {
    const { Tags: own, ...rest } = properties;
    await context.call("ssm", "PutParameter", { ...rest, Name, Overwrite: true });
    const place = { ResourceType: "Parameter", ResourceId: Name };
    const TagKeys = removedKeys(context.tagMap(before.Tags), context.tagMap(own));
    if (TagKeys.length > 0) await context.call("ssm", "RemoveTagsFromResource", { ...place, TagKeys });
    const Tags = tagsOf(own, context);
    if (Tags.length > 0) await context.call("ssm", "AddTagsToResource", { ...place, Tags });
    return { id: Name, attributes: { Type: properties.Type, Value: properties.Value } };
  },
  remove: (Name, _properties, context) => context.remove("ssm", "DeleteParameter", { Name }, "ParameterNotFound"),
});
