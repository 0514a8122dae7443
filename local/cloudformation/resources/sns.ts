import type { CreateTopicCommandOutput, SubscribeCommandOutput } from "@aws-sdk/client-sns";
import { type ResourceContext, resourceType, tagList } from "../resource-type.ts";

interface InlineSubscription {
  Endpoint?: string;
  Protocol?: string;
}

async function setAttribute(TopicArn: string, AttributeName: string, AttributeValue: string, context: ResourceContext) {
  await context.call("sns", "SetTopicAttributes", { TopicArn, AttributeName, AttributeValue });
}

async function subscribe(TopicArn: string, subscriptions: InlineSubscription[], context: ResourceContext) {
  for (const { Endpoint, Protocol } of subscriptions)
    await context.call("sns", "Subscribe", { TopicArn, Endpoint, Protocol });
}

export const topic = resourceType({
  shape: {
    TopicName: "string",
    DisplayName: "string",
    KmsMasterKeyId: "string",
    Subscription: [{ Endpoint: "string", Protocol: "string" }],
    Tags: tagList,
  },
  replaces: ["TopicName"],
  nameProperty: "TopicName",
  async create(properties, context) {
    const Name = properties.TopicName ?? context.name(256);
    const Attributes: Record<string, string> = {
      ...(properties.DisplayName !== undefined && { DisplayName: properties.DisplayName }),
      ...(properties.KmsMasterKeyId !== undefined && { KmsMasterKeyId: properties.KmsMasterKeyId }),
    };
    const input = { Name, Attributes, Tags: context.tags(properties.Tags) };
    const { TopicArn = "" } = await context.call<CreateTopicCommandOutput>("sns", "CreateTopic", input);
    return { id: TopicArn, attributes: { TopicArn, TopicName: Name } };
  },
  complete: (TopicArn, properties, context) => subscribe(TopicArn, properties.Subscription ?? [], context),
  async update(TopicArn, properties, before, context) {
    for (const name of ["DisplayName", "KmsMasterKeyId"] as const) {
      if (properties[name] !== before[name]) await setAttribute(TopicArn, name, properties[name] ?? "", context);
    }
    const known = new Set(before.Subscription?.map((one) => JSON.stringify(one)));
    const added = (properties.Subscription ?? []).filter((one) => !known.has(JSON.stringify(one)));
    await subscribe(TopicArn, added, context);
    const Tags = context.tags(properties.Tags);
    const TagKeys = context.removedTagKeys(before.Tags, properties.Tags);
    if (TagKeys.length > 0) await context.call("sns", "UntagResource", { ResourceArn: TopicArn, TagKeys });
    if (Tags.length > 0) await context.call("sns", "TagResource", { ResourceArn: TopicArn, Tags });
    return undefined;
  },
  remove: (TopicArn, _properties, context) => context.remove("sns", "DeleteTopic", { TopicArn }, "NotFound"),
});

export const topicPolicy = resourceType({
  shape: { Topics: ["string"], PolicyDocument: "json" },
  required: ["Topics", "PolicyDocument"],
  async create({ Topics, PolicyDocument }, context) {
    for (const arn of Topics) await setAttribute(arn, "Policy", JSON.stringify(PolicyDocument), context);
    return { id: context.name(80) };
  },
  async update(_id, { Topics, PolicyDocument }, _before, context) {
    for (const arn of Topics) await setAttribute(arn, "Policy", JSON.stringify(PolicyDocument), context);
    return undefined;
  },
  // A topic always has a policy: without a stack's own it is the default, which lets the account's owner use it.
  async remove(_id, { Topics }, context) {
    const { accountId } = context.kernel.settings;
    for (const TopicArn of Topics) {
      const statement = {
        Sid: "__default_statement_ID",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: ["sns:GetTopicAttributes", "sns:SetTopicAttributes", "sns:Publish", "sns:Subscribe"],
        Resource: TopicArn,
        Condition: { StringEquals: { "AWS:SourceOwner": accountId } },
      };
      const AttributeValue = JSON.stringify({ Version: "2008-10-17", Statement: [statement] });
      await context.remove(
        "sns",
        "SetTopicAttributes",
        { TopicArn, AttributeName: "Policy", AttributeValue },
        "NotFound",
      );
    }
  },
});

export const subscription = resourceType({
  shape: {
    TopicArn: "string",
    Protocol: "string",
    Endpoint: "string",
    RawMessageDelivery: "boolean",
    FilterPolicy: "json",
    FilterPolicyScope: "string",
    RedrivePolicy: "json",
  },
  required: ["TopicArn", "Protocol"],
  async create(
    { TopicArn, Protocol, Endpoint, RawMessageDelivery, FilterPolicy, FilterPolicyScope, RedrivePolicy },
    context,
  ) {
    const Attributes: Record<string, string> = {
      ...(RawMessageDelivery !== undefined && { RawMessageDelivery: String(RawMessageDelivery) }),
      ...(FilterPolicy !== undefined && { FilterPolicy: JSON.stringify(FilterPolicy) }),
      ...(FilterPolicyScope !== undefined && { FilterPolicyScope }),
      ...(RedrivePolicy !== undefined && { RedrivePolicy: JSON.stringify(RedrivePolicy) }),
    };
    const input = { TopicArn, Protocol, Endpoint, Attributes, ReturnSubscriptionArn: true };
    const made = await context.call<SubscribeCommandOutput>("sns", "Subscribe", input);
    return { id: made.SubscriptionArn ?? "", attributes: { Arn: made.SubscriptionArn ?? "" } };
  },
  remove: (SubscriptionArn, _properties, context) =>
    context.remove("sns", "Unsubscribe", { SubscriptionArn }, "NotFound"),
});
