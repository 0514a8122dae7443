import type { CreateKeyCommandOutput } from "@aws-sdk/client-kms";
import { resourceType, tagList } from "../resource-type.ts";

/** Days before a key of a deleted resource is gone. Source: AWS::KMS::Key, PendingWindowInDays, default 30. */
const defaultPendingDays = 30;

function kmsTags(tags: { Key: string; Value: string }[]) {
  return tags.map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value }));
}

export const key = resourceType({
  shape: {
    Description: "string",
    Enabled: "boolean",
    EnableKeyRotation: "boolean",
    KeyPolicy: "json",
    KeySpec: "string",
    KeyUsage: "string",
    PendingWindowInDays: "integer",
    Tags: tagList,
  },
  replaces: ["KeySpec", "KeyUsage"],
  async create(properties, context) {
    const made = await context.call<CreateKeyCommandOutput>("kms", "CreateKey", {
      Description: properties.Description,
      KeySpec: properties.KeySpec,
      KeyUsage: properties.KeyUsage,
      ...(properties.KeyPolicy !== undefined && { Policy: JSON.stringify(properties.KeyPolicy) }),
      Tags: kmsTags(context.tags(properties.Tags)),
    });
    const KeyId = made.KeyMetadata?.KeyId ?? "";
    return { id: KeyId, attributes: { KeyId, Arn: made.KeyMetadata?.Arn ?? "" } };
  },
  async complete(KeyId, { EnableKeyRotation, Enabled }, context) {
    if (EnableKeyRotation) await context.call("kms", "EnableKeyRotation", { KeyId });
    if (Enabled === false) await context.call("kms", "DisableKey", { KeyId });
  },
  async update(KeyId, properties, before, context) {
    if (properties.Description !== before.Description) {
      await context.call("kms", "UpdateKeyDescription", { KeyId, Description: properties.Description ?? "" });
    }
    const Policy = JSON.stringify(properties.KeyPolicy);
    if (Policy !== undefined && Policy !== JSON.stringify(before.KeyPolicy)) {
      await context.call("kms", "PutKeyPolicy", { KeyId, PolicyName: "default", Policy });
    }
    if ((properties.Enabled ?? true) !== (before.Enabled ?? true)) {
      await context.call("kms", properties.Enabled === false ? "DisableKey" : "EnableKey", { KeyId });
    }
    if ((properties.EnableKeyRotation ?? false) !== (before.EnableKeyRotation ?? false)) {
      await context.call("kms", properties.EnableKeyRotation ? "EnableKeyRotation" : "DisableKeyRotation", { KeyId });
    }
    const Tags = kmsTags(context.tags(properties.Tags));
    const TagKeys = context.removedTagKeys(before.Tags, properties.Tags);
    if (TagKeys.length > 0) await context.call("kms", "UntagResource", { KeyId, TagKeys });
    if (Tags.length > 0) await context.call("kms", "TagResource", { KeyId, Tags });
    return undefined;
  },
  async remove(KeyId, properties, context) {
    const PendingWindowInDays = properties.PendingWindowInDays ?? defaultPendingDays;
    const input = { KeyId, PendingWindowInDays };
    await context.remove("kms", "ScheduleKeyDeletion", input, "NotFoundException", "KMSInvalidStateException");
  },
});

export const keyAlias = resourceType({
  shape: { AliasName: "string", TargetKeyId: "string" },
  required: ["AliasName", "TargetKeyId"],
  replaces: ["AliasName"],
  nameProperty: "AliasName",
  async create(properties, context) {
    await context.create("kms", "CreateAlias", properties, "AlreadyExistsException");
    return { id: properties.AliasName };
  },
  async update(_id, properties, _before, context) {
    await context.call("kms", "UpdateAlias", properties);
    return undefined;
  },
  remove: (AliasName, _properties, context) => context.remove("kms", "DeleteAlias", { AliasName }, "NotFoundException"),
});
