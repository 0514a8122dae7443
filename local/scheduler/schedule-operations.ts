import type {
  CreateScheduleCommandInput,
  GetScheduleCommandOutput,
  ListSchedulesCommandInput,
  ListSchedulesCommandOutput,
} from "@aws-sdk/client-scheduler";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Operation, Requirement } from "../core/kernel.ts";
import { callerInRole } from "../events/acting.ts";
import type { ScheduleDocument } from "./documents.ts";
import { conflict, invalid } from "./errors.ts";
import { isTimeZone, parseRecurrence } from "./expressions.ts";
import { schedulerHost } from "./invocation.ts";
import { defaultGroup, type Schedules } from "./schedules.ts";
import { checkTarget } from "./targets.ts";

type Output<T> = Omit<T, "$metadata">;

interface Named {
  Name?: string | undefined;
  GroupName?: string | undefined;
}

export function scheduleOperations(kernel: Kernel, schedules: Schedules): Record<string, Operation> {
  const permissions = (input: Named, call: { operation: string }): Requirement[] => [
    { action: `scheduler:${call.operation}`, resource: scheduleArn(kernel, input) },
  ];
  const withRole = (input: CreateScheduleCommandInput, call: { operation: string }): Requirement[] => {
    const context = { "iam:PassedToService": schedulerHost };
    const resource = input.Target?.RoleArn ?? "";
    return [...permissions(input, call), { action: "iam:PassRole", resource, context }];
  };
  return {
    CreateSchedule: {
      permissions: withRole,
      run: async (input: CreateScheduleCommandInput) => {
        const made = await scheduleOf(kernel, schedules, input);
        const existing = schedules.find(made.group, made.name);
        if (!existing) schedules.put(made);
        else if (!isRepeated(existing, made)) throw conflict(`Schedule ${made.name} already exists.`);
        return { ScheduleArn: made.arn };
      },
    },
    UpdateSchedule: {
      permissions: withRole,
      run: async (input: CreateScheduleCommandInput) => {
        const made = await scheduleOf(kernel, schedules, input);
        const before = schedules.get(made.group, made.name);
        // A rate goes on as it was counted unless the update changes it.
        const same = before.expression === made.expression && before.startMs === made.startMs;
        const originMs = same ? before.originMs : made.originMs;
        schedules.put({ ...made, originMs, createdAtMs: before.createdAtMs });
        return { ScheduleArn: made.arn };
      },
    },
    GetSchedule: {
      permissions,
      run: (input: Named) => describe(schedules.get(input.GroupName ?? defaultGroup, input.Name)),
    },
    DeleteSchedule: {
      permissions,
      run: (input: Named) => {
        schedules.delete(schedules.get(input.GroupName ?? defaultGroup, input.Name));
        return {};
      },
    },
    ListSchedules: {
      run: (input: ListSchedulesCommandInput) => listSchedules(schedules, input),
    },
  };
}

function scheduleArn(kernel: Kernel, { Name, GroupName }: Named): string {
  return kernel.arn("scheduler", `schedule/${GroupName ?? defaultGroup}/${Name ?? ""}`);
}

/** A request made again with the same client token finds its schedule made. */
function isRepeated(existing: Readonly<ScheduleDocument>, made: ScheduleDocument): boolean {
  if (made.clientToken === undefined || existing.clientToken !== made.clientToken) return false;
  const { createdAtMs, modifiedAtMs, originMs } = existing;
  return JSON.stringify({ ...made, createdAtMs, modifiedAtMs, originMs }) === JSON.stringify(existing);
}

/**
 * The schedule a request describes.
 * @throws {AwsError} ValidationException; ResourceNotFoundException for its group.
 */
async function scheduleOf(
  kernel: Kernel,
  schedules: Schedules,
  input: CreateScheduleCommandInput,
): Promise<ScheduleDocument> {
  const { Name: name = "", GroupName: group = defaultGroup, ScheduleExpressionTimezone: timeZone = "UTC" } = input;
  if (!/^[0-9a-zA-Z-_.]{1,64}$/.test(name)) throw invalid(`Invalid schedule name ${name}.`);
  schedules.getGroup(group);
  const now = kernel.clock.now();
  const startMs = input.StartDate?.getTime();
  const endMs = input.EndDate?.getTime();
  if (!isTimeZone(timeZone)) throw invalid(`Invalid Schedule Expression Timezone ${timeZone}.`);
  const expression = input.ScheduleExpression ?? "";
  const originMs = startMs ?? now;
  if (!parseRecurrence(expression, originMs, timeZone)) throw invalid(`Invalid Schedule Expression ${expression}.`);
  if (endMs !== undefined && endMs <= now) throw invalid("The EndDate you specify must be in the future.");
  if (endMs !== undefined && startMs !== undefined && endMs <= startMs) {
    throw invalid("The StartDate you specify must come before the EndDate.");
  }
  const windowMinutes = windowOf(input);
  const target = input.Target;
  checkTarget(target, kernel.settings.region);
  await assertTrusts(kernel, target.RoleArn);
  return {
    group,
    name,
    arn: scheduleArn(kernel, input),
    expression,
    timeZone,
    state: input.State ?? "ENABLED",
    target,
    ...(windowMinutes !== undefined && { windowMinutes }),
    ...(input.Description !== undefined && { description: input.Description }),
    ...(startMs !== undefined && { startMs }),
    ...(endMs !== undefined && { endMs }),
    ...(input.KmsKeyArn !== undefined && { kmsKeyArn: input.KmsKeyArn }),
    actionAfterCompletion: input.ActionAfterCompletion ?? "NONE",
    createdAtMs: now,
    modifiedAtMs: now,
    originMs,
    ...(input.ClientToken !== undefined && { clientToken: input.ClientToken }),
  };
}

function windowOf(input: CreateScheduleCommandInput): number | undefined {
  const { Mode: mode, MaximumWindowInMinutes: minutes } = input.FlexibleTimeWindow ?? {};
  if (mode === "OFF" && minutes === undefined) return undefined;
  if (mode === "OFF") {
    throw invalid("MaximumWindowInMinutes must not be provided when FlexibleTimeWindowMode is set to OFF.");
  }
  if (mode !== "FLEXIBLE") throw invalid("FlexibleTimeWindow must have a Mode of OFF or FLEXIBLE.");
  if (minutes === undefined) {
    throw invalid("MaximumWindowInMinutes must be provided when FlexibleTimeWindowMode is set to FLEXIBLE");
  }
  if (minutes < 1 || minutes > 1440) throw invalid("MaximumWindowInMinutes must be between 1 and 1440.");
  return minutes;
}

/** Scheduler tries the role when a schedule is made. */
async function assertTrusts(kernel: Kernel, roleArn: string | undefined): Promise<void> {
  try {
    await callerInRole(kernel, schedulerHost, roleArn ?? "", "validation");
  } catch (error) {
    if (!(error instanceof AwsError) || error.status >= 500) throw error;
    throw invalid("The execution role you provide must allow AWS EventBridge Scheduler to assume the role.");
  }
}

function describe(schedule: Readonly<ScheduleDocument>): Output<GetScheduleCommandOutput> {
  const { windowMinutes } = schedule;
  return {
    Arn: schedule.arn,
    Name: schedule.name,
    GroupName: schedule.group,
    ScheduleExpression: schedule.expression,
    ScheduleExpressionTimezone: schedule.timeZone,
    State: schedule.state,
    Target: schedule.target,
    ActionAfterCompletion: schedule.actionAfterCompletion,
    FlexibleTimeWindow:
      windowMinutes === undefined ? { Mode: "OFF" } : { Mode: "FLEXIBLE", MaximumWindowInMinutes: windowMinutes },
    CreationDate: new Date(schedule.createdAtMs),
    LastModificationDate: new Date(schedule.modifiedAtMs),
    ...(schedule.description !== undefined && { Description: schedule.description }),
    ...(schedule.startMs !== undefined && { StartDate: new Date(schedule.startMs) }),
    ...(schedule.endMs !== undefined && { EndDate: new Date(schedule.endMs) }),
    ...(schedule.kmsKeyArn !== undefined && { KmsKeyArn: schedule.kmsKeyArn }),
  };
}

function listSchedules(schedules: Schedules, input: ListSchedulesCommandInput): Output<ListSchedulesCommandOutput> {
  if (input.GroupName !== undefined) schedules.getGroup(input.GroupName);
  const placeOf = (schedule: Readonly<ScheduleDocument>) => `${schedule.group}/${schedule.name}`;
  const following = schedules
    .list(input.GroupName)
    .filter((schedule) => schedule.name.startsWith(input.NamePrefix ?? ""))
    .filter((schedule) => input.State === undefined || schedule.state === input.State)
    .filter((schedule) => placeOf(schedule) > (input.NextToken ?? ""));
  const page = following.slice(0, input.MaxResults ?? 100);
  const last = page.at(-1);
  return {
    Schedules: page.map((schedule) => ({
      Arn: schedule.arn,
      Name: schedule.name,
      GroupName: schedule.group,
      State: schedule.state,
      CreationDate: new Date(schedule.createdAtMs),
      LastModificationDate: new Date(schedule.modifiedAtMs),
      Target: { Arn: schedule.target.Arn },
    })),
    ...(last && following.length > page.length && { NextToken: placeOf(last) }),
  };
}
