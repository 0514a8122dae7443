import { resourceType, tagList } from "../resource-type.ts";

/** Times in a template are text, in the API they are dates. */
function dates(properties: { StartDate?: string; EndDate?: string }) {
  return {
    ...(properties.StartDate !== undefined && { StartDate: new Date(properties.StartDate) }),
    ...(properties.EndDate !== undefined && { EndDate: new Date(properties.EndDate) }),
  };
}

export const schedule = resourceType({
  shape: {
    Name: "string",
    GroupName: "string",
    Description: "string",
    ScheduleExpression: "string",
    ScheduleExpressionTimezone: "string",
    StartDate: "string",
    EndDate: "string",
    State: "string",
    KmsKeyArn: "string",
    FlexibleTimeWindow: { Mode: "string", MaximumWindowInMinutes: "integer" },
    Target: {
      Arn: "string",
      RoleArn: "string",
      Input: "string",
      DeadLetterConfig: { Arn: "string" },
      RetryPolicy: { MaximumRetryAttempts: "integer", MaximumEventAgeInSeconds: "integer" },
      EventBridgeParameters: { DetailType: "string", Source: "string" },
      SqsParameters: { MessageGroupId: "string" },
    },
  },
  required: ["ScheduleExpression", "FlexibleTimeWindow", "Target"],
  replaces: ["Name"],
  nameProperty: "Name",
  async create(properties, context) {
    const Name = properties.Name ?? context.name(64);
    const input = { ...properties, ...dates(properties), Name };
    const made = await context.create<{ ScheduleArn?: string }>(
      "scheduler",
      "CreateSchedule",
      input,
      "ConflictException",
    );
    const arn = made?.ScheduleArn ?? context.arn("scheduler", `schedule/${properties.GroupName ?? "default"}/${Name}`);
    return { id: Name, attributes: { Arn: arn } };
  },
  async update(Name, properties, _before, context) {
    await context.call("scheduler", "UpdateSchedule", { ...properties, ...dates(properties), Name });
    return undefined;
  },
  remove: (Name, { GroupName }, context) =>
    context.remove("scheduler", "DeleteSchedule", { Name, GroupName }, "ResourceNotFoundException"),
});

export const scheduleGroup = resourceType({
  shape: { Name: "string", Tags: tagList },
  replaces: ["Name"],
  nameProperty: "Name",
  async create(properties, context) {
    const Name = properties.Name ?? context.name(64);
    const Tags = context.tags(properties.Tags);
    const input = { Name, ...(Tags.length > 0 && { Tags }) };
    type Output = { ScheduleGroupArn?: string };
    const made = await context.create<Output>("scheduler", "CreateScheduleGroup", input, "ConflictException");
    const arn = made?.ScheduleGroupArn ?? context.arn("scheduler", `schedule-group/${Name}`);
    return { id: Name, attributes: { Arn: arn } };
  },
  async update(Name, properties, _before, context) {
    const ResourceArn = context.arn("scheduler", `schedule-group/${Name}`);
    const Tags = context.tags(properties.Tags);
    if (Tags.length > 0) await context.call("scheduler", "TagResource", { ResourceArn, Tags });
    return undefined;
  },
  remove: (Name, _properties, context) =>
    context.remove("scheduler", "DeleteScheduleGroup", { Name }, "ResourceNotFoundException"),
});
