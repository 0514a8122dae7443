import type { CreateScheduleGroupCommandInput, ListScheduleGroupsCommandInput, Tag } from "@aws-sdk/client-scheduler";
import type { Kernel, Operation, Requirement } from "../core/kernel.ts";
import { requestTagConditions, resourceTagConditions } from "../core/tag-conditions.ts";
import type { GroupDocument } from "./documents.ts";
import { conflict, invalid, notFound } from "./errors.ts";
import { defaultGroup, type Schedules } from "./schedules.ts";

interface Named {
  Name?: string | undefined;
}

/** Groups of schedules, and their tags: schedules themselves have none. */
export function groupOperations(kernel: Kernel, schedules: Schedules): Record<string, Operation> {
  const groupArn = (name: string | undefined) => kernel.arn("scheduler", `schedule-group/${name ?? ""}`);
  const permissions = (input: Named, call: { operation: string }): Requirement[] => [
    {
      action: `scheduler:${call.operation}`,
      resource: groupArn(input.Name),
      context: resourceTagConditions(schedules.group(input.Name ?? "")?.tags),
    },
  ];
  return {
    CreateScheduleGroup: {
      permissions: (input: CreateScheduleGroupCommandInput) => [
        {
          action: "scheduler:CreateScheduleGroup",
          resource: groupArn(input.Name),
          context: requestTagConditions(tagMap(input.Tags)),
        },
      ],
      run: (input: CreateScheduleGroupCommandInput) => {
        const name = input.Name ?? "";
        if (!/^[0-9a-zA-Z-_.]{1,64}$/.test(name)) throw invalid(`Invalid schedule group name ${name}.`);
        assertNotDefault(name);
        const existing = schedules.group(name);
        if (existing) {
          const repeated = input.ClientToken !== undefined && existing.clientToken === input.ClientToken;
          if (repeated) return { ScheduleGroupArn: existing.arn };
          throw conflict(`Schedule group ${name} already exists.`);
        }
        const now = kernel.clock.now();
        const arn = groupArn(name);
        const token = input.ClientToken === undefined ? {} : { clientToken: input.ClientToken };
        schedules.putGroup({ name, arn, tags: tagMap(input.Tags), createdAtMs: now, modifiedAtMs: now, ...token });
        return { ScheduleGroupArn: arn };
      },
    },
    GetScheduleGroup: {
      permissions,
      run: (input: Named) => describe(schedules.getGroup(input.Name)),
    },
    DeleteScheduleGroup: {
      permissions,
      run: (input: Named) => {
        const { name } = schedules.getGroup(input.Name);
        assertNotDefault(name);
        schedules.deleteGroup(name);
        return {};
      },
    },
    ListScheduleGroups: {
      run: (input: ListScheduleGroupsCommandInput) => {
        const following = schedules
          .groups()
          .filter((group) => group.name.startsWith(input.NamePrefix ?? "") && group.name > (input.NextToken ?? ""));
        const page = following.slice(0, input.MaxResults ?? 100);
        const next = following.length > page.length ? { NextToken: page.at(-1)?.name } : {};
        return { ScheduleGroups: page.map(describe), ...next };
      },
    },
    ...tagOperations(schedules),
  };
}

/** The default group is there from the start and for good (measured in badmintoncryer/cdk-preflight). */
function assertNotDefault(name: string): void {
  if (name === defaultGroup) throw invalid("This operation cannot be performed on schedule group default.");
}

function describe(group: Readonly<GroupDocument>) {
  return {
    Arn: group.arn,
    Name: group.name,
    State: "ACTIVE",
    CreationDate: new Date(group.createdAtMs),
    LastModificationDate: new Date(group.modifiedAtMs),
  };
}

interface TagInput {
  ResourceArn?: string | undefined;
  Tags?: Tag[] | undefined;
  TagKeys?: string[] | undefined;
}

function tagOperations(schedules: Schedules): Record<string, Operation> {
  const permissions = (input: TagInput, call: { operation: string }): Requirement[] => [
    {
      action: `scheduler:${call.operation}`,
      resource: input.ResourceArn ?? "",
      context: requestTagConditions(tagMap(input.Tags)),
    },
  ];
  const groupOf = (input: TagInput): Readonly<GroupDocument> => {
    const name = input.ResourceArn?.split(":schedule-group/")[1];
    if (name === undefined) throw notFound(`Resource ${input.ResourceArn}`);
    return schedules.getGroup(name);
  };
  return {
    TagResource: {
      permissions,
      run: (input: TagInput) => {
        const group = groupOf(input);
        schedules.putGroup({ ...group, tags: { ...group.tags, ...tagMap(input.Tags) } });
        return {};
      },
    },
    UntagResource: {
      permissions,
      run: (input: TagInput) => {
        const group = groupOf(input);
        const kept = Object.entries(group.tags).filter(([key]) => !input.TagKeys?.includes(key));
        schedules.putGroup({ ...group, tags: Object.fromEntries(kept) });
        return {};
      },
    },
    ListTagsForResource: {
      permissions,
      run: (input: TagInput) => ({
        Tags: Object.entries(groupOf(input).tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    },
  };
}

function tagMap(tags: readonly Tag[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
}
