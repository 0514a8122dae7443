import type {
  CreateOrUpdateTagsCommandInput,
  DeleteTagsCommandInput,
  DescribeTagsCommandInput,
  DescribeTagsCommandOutput,
  Filter,
  Tag,
  TagDescription,
} from "@aws-sdk/client-auto-scaling";
import { AwsError } from "../core/aws-error.ts";
import type { Operation, Requirement } from "../core/kernel.ts";
import type { GroupDocument, GroupTag } from "./documents.ts";
import { invalid } from "./errors.ts";
import { page } from "./paging.ts";
import { type AutoScalingPermissions, tagContext } from "./permissions.ts";
import type { AutoScalingState } from "./state.ts";

/** Tags per group. Source: quotas for Amazon EC2 Auto Scaling. */
const tagLimit = 50;

/** Tags of a create request. @throws {AwsError} ValidationError for AWS's own prefix or a key given twice. */
export function acceptedTags(tags: readonly Tag[] | undefined): GroupTag[] {
  const accepted = (tags ?? []).map(({ Key = "", Value = "", PropagateAtLaunch = false }) => {
    if (Key.toLowerCase().startsWith("aws:")) throw invalid("Tag keys that start with 'aws:' are reserved");
    return { key: Key, value: Value, propagate: PropagateAtLaunch };
  });
  if (new Set(accepted.map(({ key }) => key)).size < accepted.length) throw invalid("Duplicate tag keys found");
  if (accepted.length > tagLimit) throw new AwsError("LimitExceeded", `A group has at most ${tagLimit} tags`);
  return accepted;
}

export function tagsAsApi({ name, tags }: Pick<GroupDocument, "name" | "tags">): TagDescription[] {
  return tags.map(({ key, value, propagate }) => ({
    ResourceId: name,
    ResourceType: "auto-scaling-group",
    Key: key,
    Value: value,
    PropagateAtLaunch: propagate,
  }));
}

export function tagOperations(state: AutoScalingState, permissions: AutoScalingPermissions): Record<string, Operation> {
  const onEach = (action: string, tags: readonly Tag[] = []): Requirement[] =>
    [...byGroup(tags)].map(([group, of]) => permissions.on(action, group, tagContext(of)));
  return {
    CreateOrUpdateTags: {
      permissions: (input: CreateOrUpdateTagsCommandInput) => onEach("CreateOrUpdateTags", input.Tags),
      run: (input: CreateOrUpdateTagsCommandInput) => {
        for (const [group, tags] of byGroup(input.Tags ?? [])) {
          const changed = acceptedTags(tags);
          const kept = state.group(group).tags.filter(({ key }) => !changed.some((tag) => tag.key === key));
          if (kept.length + changed.length > tagLimit)
            throw new AwsError("LimitExceeded", `A group has at most ${tagLimit} tags`);
          state.change(group, () => ({ tags: [...kept, ...changed] }));
        }
        return {};
      },
    },
    DeleteTags: {
      permissions: (input: DeleteTagsCommandInput) => onEach("DeleteTags", input.Tags),
      run: (input: DeleteTagsCommandInput) => {
        for (const [group, tags] of byGroup(input.Tags ?? [])) {
          const gone = ({ key, value }: GroupTag) =>
            tags.some(({ Key, Value }) => Key === key && (Value === undefined || Value === value));
          state.change(state.group(group).name, (document) => ({ tags: document.tags.filter((tag) => !gone(tag)) }));
        }
        return {};
      },
    },
    DescribeTags: {
      run: (input: DescribeTagsCommandInput): Omit<DescribeTagsCommandOutput, "$metadata"> => {
        const all = state.groups.list().flatMap(tagsAsApi);
        const { items, NextToken } = page(
          all.filter((tag) => (input.Filters ?? []).every((filter) => meets(tag, filter))),
          input,
        );
        return { Tags: items, NextToken };
      },
    },
  };
}

function byGroup(tags: readonly Tag[]): Map<string, Tag[]> {
  for (const { ResourceType } of tags) {
    if (ResourceType !== undefined && ResourceType !== "auto-scaling-group")
      throw invalid(`Invalid resource type: ${ResourceType}`);
  }
  return Map.groupBy(tags, ({ ResourceId = "" }) => ResourceId);
}

/** Source of the filters: "How to filter tags" in the Auto Scaling API reference of DescribeTags. */
function meets(tag: TagDescription, { Name = "", Values = [] }: Filter): boolean {
  const value: Readonly<Record<string, string>> = {
    "auto-scaling-group": tag.ResourceId ?? "",
    key: tag.Key ?? "",
    value: tag.Value ?? "",
    "propagate-at-launch": String(tag.PropagateAtLaunch),
  };
  const found = value[Name];
  if (found === undefined) throw invalid(`Filter type ${Name} is not valid`);
  return Values.includes(found);
}

/** Whether a group meets the filters of DescribeAutoScalingGroups: `tag-key`, `tag-value`, `tag:<key>`. */
export function meetsTagFilters(tags: readonly GroupTag[], filters: readonly Filter[] | undefined): boolean {
  return (filters ?? []).every(({ Name = "", Values = [] }) => {
    if (Name === "tag-key") return tags.some(({ key }) => Values.includes(key));
    if (Name === "tag-value") return tags.some(({ value }) => Values.includes(value));
    if (Name.startsWith("tag:"))
      return tags.some(({ key, value }) => key === Name.slice("tag:".length) && Values.includes(value));
    throw invalid(`Filter type ${Name} is not valid`);
  });
}
