import type { Tag } from "@aws-sdk/client-eventbridge";
import type { Operation, Requirement } from "../core/kernel.ts";
import { requestTagConditions } from "../core/tag-conditions.ts";
import type { RuleDocument } from "./documents.ts";
import type { Rules } from "./rules.ts";

interface TagInput {
  ResourceARN?: string | undefined;
  Tags?: Tag[] | undefined;
  TagKeys?: string[] | undefined;
}

/** Tags of rules. */
export function tagOperations(rules: Rules): Record<string, Operation> {
  const permissions = (input: TagInput, call: { operation: string }): Requirement[] => [
    {
      action: `events:${call.operation}`,
      resource: input.ResourceARN ?? "",
      context: requestTagConditions(tagsOf(input)),
    },
  ];
  const ruleOf = (input: TagInput): Readonly<RuleDocument> => rules.get(input.ResourceARN?.split(":rule/")[1]);
  return {
    TagResource: {
      permissions,
      run: (input: TagInput) => {
        const rule = ruleOf(input);
        rules.put({ ...rule, tags: { ...rule.tags, ...tagsOf(input) } });
        return {};
      },
    },
    UntagResource: {
      permissions,
      run: (input: TagInput) => {
        const rule = ruleOf(input);
        const kept = Object.entries(rule.tags).filter(([key]) => !input.TagKeys?.includes(key));
        rules.put({ ...rule, tags: Object.fromEntries(kept) });
        return {};
      },
    },
    ListTagsForResource: {
      permissions,
      run: (input: TagInput) => ({
        Tags: Object.entries(ruleOf(input).tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    },
  };
}

function tagsOf(input: TagInput): Record<string, string> {
  return Object.fromEntries((input.Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
}
