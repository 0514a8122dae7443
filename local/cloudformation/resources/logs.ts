import { resourceType, tagList } from "../resource-type.ts";

export const logGroup = resourceType({
  shape: {
    LogGroupName: "string",
    RetentionInDays: "integer",
    KmsKeyId: "string",
    LogGroupClass: "string",
    Tags: tagList,
  },
  replaces: ["LogGroupName"],
  nameProperty: "LogGroupName",
  async create(properties, context) {
    const logGroupName = properties.LogGroupName ?? context.name(512);
    const input = {
      logGroupName,
      kmsKeyId: properties.KmsKeyId,
      logGroupClass: properties.LogGroupClass,
      tags: context.tagMap(properties.Tags),
    };
    await context.create("logs", "CreateLogGroup", input, "ResourceAlreadyExistsException");
    return { id: logGroupName, attributes: { Arn: context.arn("logs", `log-group:${logGroupName}:*`) } };
  },
  async complete(logGroupName, { RetentionInDays: retentionInDays }, context) {
    if (retentionInDays === undefined) return;
    await context.call("logs", "PutRetentionPolicy", { logGroupName, retentionInDays });
  },
  async update(logGroupName, properties, before, context) {
    const { RetentionInDays: retentionInDays, KmsKeyId: kmsKeyId } = properties;
    if (retentionInDays !== before.RetentionInDays) {
      if (retentionInDays === undefined) await context.call("logs", "DeleteRetentionPolicy", { logGroupName });
      else await context.call("logs", "PutRetentionPolicy", { logGroupName, retentionInDays });
    }
    if (kmsKeyId !== before.KmsKeyId) {
      if (kmsKeyId === undefined) await context.call("logs", "DisassociateKmsKey", { logGroupName });
      else await context.call("logs", "AssociateKmsKey", { logGroupName, kmsKeyId });
    }
    const resourceArn = context.arn("logs", `log-group:${logGroupName}`);
    const tags = context.tagMap(properties.Tags);
    const tagKeys = context.removedTagKeys(before.Tags, properties.Tags);
    if (tagKeys.length > 0) await context.call("logs", "UntagResource", { resourceArn, tagKeys });
    if (Object.keys(tags).length > 0) await context.call("logs", "TagResource", { resourceArn, tags });
    return undefined;
  },
  remove: (logGroupName, _properties, context) =>
    context.remove("logs", "DeleteLogGroup", { logGroupName }, "ResourceNotFoundException"),
});

export const logsResourcePolicy = resourceType({
  shape: { PolicyName: "string", PolicyDocument: "string" },
  required: ["PolicyName", "PolicyDocument"],
  replaces: ["PolicyName"],
  nameProperty: "PolicyName",
  async create({ PolicyName, PolicyDocument }, context) {
    const input = { policyName: PolicyName, policyDocument: PolicyDocument };
    await context.call("logs", "PutResourcePolicy", input);
    return { id: PolicyName };
  },
  async update(policyName, { PolicyDocument }, _before, context) {
    await context.call("logs", "PutResourcePolicy", { policyName, policyDocument: PolicyDocument });
    return undefined;
  },
  remove: (policyName, _properties, context) =>
    context.remove("logs", "DeleteResourcePolicy", { policyName }, "ResourceNotFoundException"),
});
