import type {
  DeleteAlarmsCommandInput,
  DescribeAlarmHistoryCommandInput,
  DescribeAlarmsCommandInput,
  DescribeAlarmsForMetricCommandInput,
  ListTagsForResourceCommandInput,
  PutMetricAlarmCommandInput,
  SetAlarmStateCommandInput,
  TagResourceCommandInput,
  UntagResourceCommandInput,
} from "@aws-sdk/client-cloudwatch";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Operation, Requirement } from "../core/kernel.ts";
import { requestTagConditions, resourceTagConditions } from "../core/tag-conditions.ts";
import { type AlarmRecord, type AlarmState, alarmArn, describeAlarm, watchedQuery } from "./alarm-record.ts";
import { alarmSettings } from "./alarm-settings.ts";
import type { AlarmWatch } from "./alarm-watch.ts";
import { validation } from "./errors.ts";
import { dimensionsOf } from "./metrics.ts";

const pageSize = 100;

function tagsOf(list: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined) {
  return Object.fromEntries((list ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
}

/** Operations on alarms. */
export function alarmOperations(kernel: Kernel, watch: AlarmWatch): Record<string, Operation> {
  const on = (action: string, name: string | undefined, context: Requirement["context"] = {}): Requirement => ({
    action: `cloudwatch:${action}`,
    resource: alarmArn(kernel, name ?? ""),
    context: { ...resourceTagConditions(watch.alarms.get(name ?? "")?.tags), ...context },
  });
  const find = (name: string | undefined) => {
    const found = watch.alarms.get(name ?? "");
    if (!found) throw new AwsError("ResourceNotFound", `Alarm ${name} does not exist`, 404);
    return found;
  };
  const enable = (actionsEnabled: boolean) => (input: DeleteAlarmsCommandInput) => {
    for (const name of input.AlarmNames ?? []) {
      const alarm = watch.alarms.get(name);
      if (alarm) watch.alarms.put(name, { ...alarm, actionsEnabled });
    }
    return {};
  };
  return {
    PutMetricAlarm: {
      permissions: (input: PutMetricAlarmCommandInput) => {
        const actions = [input.AlarmActions, input.OKActions, input.InsufficientDataActions].flatMap(
          (one) => one ?? [],
        );
        const context = { ...requestTagConditions(tagsOf(input.Tags)), "cloudwatch:AlarmActions": actions };
        const own = on("PutMetricAlarm", input.AlarmName, context);
        // Tags at creation need the permission to tag. Source: API reference of PutMetricAlarm, Tags.
        const tagged = (input.Tags?.length ?? 0) > 0 && !watch.alarms.get(input.AlarmName ?? "");
        return tagged ? [own, on("TagResource", input.AlarmName, requestTagConditions(tagsOf(input.Tags)))] : [own];
      },
      run: (input: PutMetricAlarmCommandInput) => putAlarm(kernel, watch, input),
    },
    DescribeAlarms: {
      permissions: () => [{ action: "cloudwatch:DescribeAlarms", resource: kernel.arn("cloudwatch", "alarm:*") }],
      run: (input: DescribeAlarmsCommandInput) => describeAlarms(kernel, watch, input),
    },
    DescribeAlarmsForMetric: {
      run: (input: DescribeAlarmsForMetricCommandInput) => ({
        MetricAlarms: watch.alarms
          .list()
          .filter((alarm) => watches(alarm, input))
          .map((alarm) => describeAlarm(kernel, alarm)),
      }),
    },
    DescribeAlarmHistory: {
      permissions: (input: DescribeAlarmHistoryCommandInput) => [on("DescribeAlarmHistory", input.AlarmName ?? "*")],
      run: (input: DescribeAlarmHistoryCommandInput) => describeHistory(watch, input),
    },
    DeleteAlarms: {
      permissions: (input: DeleteAlarmsCommandInput) =>
        (input.AlarmNames ?? []).map((name) => on("DeleteAlarms", name)),
      run: (input: DeleteAlarmsCommandInput) => {
        for (const name of input.AlarmNames ?? []) find(name);
        for (const name of input.AlarmNames ?? []) watch.forget(name);
        return {};
      },
    },
    SetAlarmState: {
      permissions: (input: SetAlarmStateCommandInput) => [on("SetAlarmState", input.AlarmName)],
      run: (input: SetAlarmStateCommandInput) => {
        watch.enter(
          find(input.AlarmName),
          input.StateValue as AlarmState,
          input.StateReason ?? "",
          input.StateReasonData,
        );
        return {};
      },
    },
    EnableAlarmActions: {
      permissions: (input: DeleteAlarmsCommandInput) =>
        (input.AlarmNames ?? []).map((name) => on("EnableAlarmActions", name)),
      run: enable(true),
    },
    DisableAlarmActions: {
      permissions: (input: DeleteAlarmsCommandInput) =>
        (input.AlarmNames ?? []).map((name) => on("DisableAlarmActions", name)),
      run: enable(false),
    },
    ...tagOperations(kernel, watch),
  };
}

function putAlarm(kernel: Kernel, watch: AlarmWatch, input: PutMetricAlarmCommandInput) {
  if (!input.AlarmName) throw validation("The parameter AlarmName is required.");
  const settings = alarmSettings(input);
  const before = watch.alarms.get(settings.name);
  const now = kernel.clock.now();
  // A change leaves the state as it is until the next evaluation. Source: API reference of PutMetricAlarm.
  const state: Pick<AlarmRecord, "state" | "reason" | "stateUpdatedAtMs" | "transitionedAtMs" | "tags"> = before ?? {
    state: "INSUFFICIENT_DATA",
    reason: "Unchecked: Initial alarm creation",
    stateUpdatedAtMs: now,
    transitionedAtMs: now,
    tags: tagsOf(input.Tags),
  };
  const { reason, stateUpdatedAtMs, transitionedAtMs, tags } = state;
  const record: AlarmRecord = {
    ...settings,
    state: state.state,
    reason,
    ...(before?.reasonData !== undefined && { reasonData: before.reasonData }),
    stateUpdatedAtMs,
    transitionedAtMs,
    tags,
    configuredAtMs: now,
  };
  watch.alarms.put(settings.name, record);
  const summary = before ? `Alarm "${settings.name}" updated` : `Alarm "${settings.name}" created`;
  watch.note(settings.name, "ConfigurationUpdate", summary, { version: "1.0", type: before ? "Update" : "Create" });
  watch.watch(settings.name);
  return {};
}

function describeAlarms(kernel: Kernel, watch: AlarmWatch, input: DescribeAlarmsCommandInput) {
  if (input.ChildrenOfAlarmName !== undefined || input.ParentsOfAlarmName !== undefined) {
    throw validation("The embedded cloud has no composite alarms.");
  }
  const metricAlarms = !input.AlarmTypes || input.AlarmTypes.includes("MetricAlarm");
  const found = watch.alarms
    .list(input.AlarmNamePrefix)
    .filter(() => metricAlarms)
    .filter((alarm) => !input.AlarmNames || input.AlarmNames.includes(alarm.name))
    .filter((alarm) => input.StateValue === undefined || alarm.state === input.StateValue)
    .filter(
      (alarm) =>
        input.ActionPrefix === undefined ||
        [...alarm.alarmActions, ...alarm.okActions, ...alarm.insufficientDataActions].some((arn) =>
          arn.startsWith(input.ActionPrefix ?? ""),
        ),
    );
  const from = input.NextToken === undefined ? 0 : Number(input.NextToken);
  const size = Math.min(input.MaxRecords ?? 50, pageSize);
  return {
    MetricAlarms: found.slice(from, from + size).map((alarm) => describeAlarm(kernel, alarm)),
    CompositeAlarms: [],
    ...(from + size < found.length && { NextToken: String(from + size) }),
  };
}

function watches(alarm: Readonly<AlarmRecord>, input: DescribeAlarmsForMetricCommandInput): boolean {
  const metric = watchedQuery(alarm).MetricStat?.Metric;
  const sorted = (dimensions: Record<string, string>) => JSON.stringify(Object.entries(dimensions).sort());
  return (
    metric?.Namespace === input.Namespace &&
    metric?.MetricName === input.MetricName &&
    sorted(dimensionsOf(metric?.Dimensions)) === sorted(dimensionsOf(input.Dimensions))
  );
}

function describeHistory(watch: AlarmWatch, input: DescribeAlarmHistoryCommandInput) {
  const oldestFirst = input.ScanBy === "TimestampAscending";
  const found = watch
    .history(input.AlarmName)
    .filter((item) => input.HistoryItemType === undefined || item.type === input.HistoryItemType)
    .filter((item) => item.atMs >= (input.StartDate?.getTime() ?? 0))
    .filter((item) => item.atMs <= (input.EndDate?.getTime() ?? Number.POSITIVE_INFINITY));
  if (oldestFirst) found.reverse();
  const from = input.NextToken === undefined ? 0 : Number(input.NextToken);
  const size = Math.min(input.MaxRecords ?? pageSize, pageSize);
  return {
    AlarmHistoryItems: found.slice(from, from + size).map((item) => ({
      AlarmName: item.name,
      AlarmType: "MetricAlarm",
      Timestamp: new Date(item.atMs),
      HistoryItemType: item.type,
      HistorySummary: item.summary,
      HistoryData: item.data,
    })),
    ...(from + size < found.length && { NextToken: String(from + size) }),
  };
}

function tagOperations(kernel: Kernel, watch: AlarmWatch): Record<string, Operation> {
  const find = (arn: string | undefined) => {
    const name = (arn ?? "").split(":alarm:")[1] ?? "";
    const alarm = watch.alarms.get(name);
    if (!alarm) throw new AwsError("ResourceNotFoundException", `Resource ${arn} does not exist`, 404);
    return alarm;
  };
  const on = (action: string, arn: string | undefined, context: Requirement["context"] = {}): Requirement[] => [
    { action: `cloudwatch:${action}`, resource: arn ?? kernel.arn("cloudwatch", "alarm:"), context },
  ];
  return {
    TagResource: {
      permissions: (input: TagResourceCommandInput) =>
        on("TagResource", input.ResourceARN, requestTagConditions(tagsOf(input.Tags))),
      run: (input: TagResourceCommandInput) => {
        const alarm = find(input.ResourceARN);
        watch.alarms.put(alarm.name, { ...alarm, tags: { ...alarm.tags, ...tagsOf(input.Tags) } });
        return {};
      },
    },
    UntagResource: {
      permissions: (input: UntagResourceCommandInput) =>
        on("UntagResource", input.ResourceARN, { "aws:TagKeys": input.TagKeys ?? [] }),
      run: (input: UntagResourceCommandInput) => {
        const alarm = find(input.ResourceARN);
        const kept = Object.entries(alarm.tags).filter(([key]) => !input.TagKeys?.includes(key));
        watch.alarms.put(alarm.name, { ...alarm, tags: Object.fromEntries(kept) });
        return {};
      },
    },
    ListTagsForResource: {
      permissions: (input: ListTagsForResourceCommandInput) => on("ListTagsForResource", input.ResourceARN),
      run: (input: ListTagsForResourceCommandInput) => ({
        Tags: Object.entries(find(input.ResourceARN).tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    },
  };
}
