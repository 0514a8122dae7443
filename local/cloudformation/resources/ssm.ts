import { resourceType } from "../resource-type.ts";

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

export const parameter = resourceType({
  shape: parameterShape,
  required: ["Type", "Value"],
  replaces: ["Name"],
  nameProperty: "Name",
  async create(properties, context) {
    const Name = properties.Name ?? `CFN-${context.name(200)}`;
    const input = { ...properties, Name, Tags: context.tags(properties.Tags) };
    await context.create("ssm", "PutParameter", input, "ParameterAlreadyExists");
    return { id: Name, attributes: { Type: properties.Type, Value: properties.Value } };
  },
  async update(Name, properties, before, context) {
    const { Tags: own, ...rest } = properties;
    await context.call("ssm", "PutParameter", { ...rest, Name, Overwrite: true });
    const place = { ResourceType: "Parameter", ResourceId: Name };
    const TagKeys = context.removedTagKeys(before.Tags, own);
    if (TagKeys.length > 0) await context.call("ssm", "RemoveTagsFromResource", { ...place, TagKeys });
    const Tags = context.tags(own);
    if (Tags.length > 0) await context.call("ssm", "AddTagsToResource", { ...place, Tags });
    return { id: Name, attributes: { Type: properties.Type, Value: properties.Value } };
  },
  remove: (Name, _properties, context) => context.remove("ssm", "DeleteParameter", { Name }, "ParameterNotFound"),
});
