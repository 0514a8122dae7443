import { type ResourceContext, resourceType, tagList } from "../resource-type.ts";
import type { ValueOf } from "../shape.ts";

const targetsShape = [
  {
    Id: "string",
    Arn: "string",
    RoleArn: "string",
    Input: "string",
    InputPath: "string",
    InputTransformer: { InputPathsMap: { "*": "string" }, InputTemplate: "string" },
    DeadLetterConfig: { Arn: "string" },
    RetryPolicy: { MaximumRetryAttempts: "integer", MaximumEventAgeInSeconds: "integer" },
    SqsParameters: { MessageGroupId: "string" },
  },
] as const;

const ruleShape = {
  Name: "string",
  Description: "string",
  EventBusName: "string",
  EventPattern: "json",
  ScheduleExpression: "string",
  State: "string",
  RoleArn: "string",
  Targets: targetsShape,
  Tags: tagList,
} as const;

type RuleProperties = { [K in keyof typeof ruleShape]?: ValueOf<(typeof ruleShape)[K]> };

async function putRule(Name: string, properties: RuleProperties, context: ResourceContext): Promise<string> {
  const { Targets: _targets, EventPattern, Tags: own, ...rest } = properties;
  const Tags = context.tags(own);
  const made = await context.call<{ RuleArn?: string }>("events", "PutRule", {
    ...rest,
    Name,
    ...(EventPattern !== undefined && {
      EventPattern: typeof EventPattern === "string" ? EventPattern : JSON.stringify(EventPattern),
    }),
    ...(Tags.length > 0 && { Tags }),
  });
  return made.RuleArn ?? "";
}

export const rule = resourceType({
  shape: ruleShape,
  replaces: ["Name", "EventBusName"],
  nameProperty: "Name",
  async create(properties, context) {
    const Name = properties.Name ?? context.name(64);
    const arn = await putRule(Name, properties, context);
    return { id: Name, attributes: { Arn: arn } };
  },
  async complete(Rule, { EventBusName, Targets }, context) {
    if (Targets && Targets.length > 0) await context.call("events", "PutTargets", { Rule, EventBusName, Targets });
  },
  async update(Name, properties, before, context) {
    const { EventBusName, Targets } = properties;
    const arn = await putRule(Name, properties, context);
    const kept = new Set(Targets?.map((target) => target.Id));
    const Ids = (before.Targets ?? []).map((target) => target.Id).filter((id) => !kept.has(id));
    if (Ids.length > 0) await context.call("events", "RemoveTargets", { Rule: Name, EventBusName, Ids });
    if (Targets && Targets.length > 0)
      await context.call("events", "PutTargets", { Rule: Name, EventBusName, Targets });
    return { id: Name, attributes: { Arn: arn } };
  },
  async remove(Name, { EventBusName, Targets }, context) {
    const Ids = (Targets ?? []).map((target) => target.Id);
    if (Ids.length > 0) {
      await context.remove("events", "RemoveTargets", { Rule: Name, EventBusName, Ids }, "ResourceNotFoundException");
    }
    await context.remove("events", "DeleteRule", { Name, EventBusName }, "ResourceNotFoundException");
  },
});
