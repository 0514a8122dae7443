import type {
  AddTagsCommandInput,
  AddTagsCommandOutput,
  DescribeTagsCommandInput,
  DescribeTagsCommandOutput,
  RemoveTagsCommandInput,
  RemoveTagsCommandOutput,
  Tag,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { AwsError } from "../core/aws-error.ts";
import type { Operation } from "../core/kernel.ts";
import { invalid, notFound } from "./errors.ts";
import type { BalancingPermissions } from "./permissions.ts";
import type { BalancingState } from "./state.ts";

/** User tags per resource. Source: tag restrictions in the Elastic Load Balancing user guide. */
const tagLimit = 50;

type Output<T> = Omit<T, "$metadata">;

/**
 * Tags of a request as a record.
 * @throws {AwsError} DuplicateTagKeys, TooManyTags, or ValidationError for AWS's own prefix.
 */
export function tagRecord(tags: readonly Tag[] | undefined): Record<string, string> {
  const record: Record<string, string> = {};
  for (const { Key = "", Value = "" } of tags ?? []) {
    if (Key === "" || Key.length > 128 || Value.length > 256) throw invalid(`Invalid tag '${Key}'`);
    if (Key.toLowerCase().startsWith("aws:")) throw invalid(`Tag keys must not start with 'aws:': '${Key}'`);
    if (Key in record) throw new AwsError("DuplicateTagKeys", `Tag key '${Key}' was specified more than once`);
    record[Key] = Value;
  }
  return withinLimit(record);
}

function withinLimit(record: Record<string, string>): Record<string, string> {
  if (Object.keys(record).length > tagLimit)
    throw new AwsError("TooManyTags", `Resources have at most ${tagLimit} tags`);
  return record;
}

export function tagOperations(state: BalancingState, permissions: BalancingPermissions): Record<string, Operation> {
  return {
    AddTags: {
      permissions: (input: AddTagsCommandInput) =>
        permissions.tagging("AddTags", input.ResourceArns ?? [], input.Tags ?? []),
      run: (input: AddTagsCommandInput): Output<AddTagsCommandOutput> => {
        const added = tagRecord(input.Tags);
        for (const arn of input.ResourceArns ?? []) changeTags(state, arn, (tags) => ({ ...tags, ...added }));
        return {};
      },
    },
    RemoveTags: {
      permissions: (input: RemoveTagsCommandInput) =>
        permissions.tagging(
          "RemoveTags",
          input.ResourceArns ?? [],
          (input.TagKeys ?? []).map((Key) => ({ Key })),
        ),
      run: (input: RemoveTagsCommandInput): Output<RemoveTagsCommandOutput> => {
        const removed = new Set(input.TagKeys);
        const without = (tags: Readonly<Record<string, string>>) =>
          Object.fromEntries(Object.entries(tags).filter(([key]) => !removed.has(key)));
        for (const arn of input.ResourceArns ?? []) changeTags(state, arn, without);
        return {};
      },
    },
    DescribeTags: {
      run: (input: DescribeTagsCommandInput): Output<DescribeTagsCommandOutput> => {
        const arns = input.ResourceArns ?? [];
        // Source: "You can specify up to 20 resources in a single call" (DescribeTags in the API reference).
        if (arns.length > 20) throw invalid("DescribeTags takes at most 20 resources");
        return {
          TagDescriptions: arns.map((ResourceArn) => ({
            ResourceArn,
            Tags: Object.entries(holder(state, ResourceArn).document.tags).map(([Key, Value]) => ({ Key, Value })),
          })),
        };
      },
    },
  };
}

function changeTags(
  state: BalancingState,
  arn: string,
  change: (tags: Readonly<Record<string, string>>) => Record<string, string>,
): void {
  const { document, put } = holder(state, arn);
  put(withinLimit(change(document.tags)));
}

interface Holder {
  document: { readonly tags: Readonly<Record<string, string>> };
  put: (tags: Record<string, string>) => void;
}

/** The resource of this ARN, whatever its kind, and how to store new tags for it. */
function holder(state: BalancingState, arn: string): Holder {
  if (arn.includes(":targetgroup/")) {
    const document = state.group(arn);
    return { document, put: (tags) => state.groups.put(arn, { ...document, tags }) };
  }
  if (arn.includes(":listener-rule/")) {
    const document = state.rule(arn);
    return { document, put: (tags) => state.rules.put(arn, { ...document, tags }) };
  }
  if (arn.includes(":listener/")) {
    const document = state.listener(arn);
    return { document, put: (tags) => state.listeners.put(arn, { ...document, tags }) };
  }
  if (arn.includes(":loadbalancer/")) {
    const document = state.balancer(arn);
    return { document, put: (tags) => state.balancers.put(arn, { ...document, tags }) };
  }
  return notFound("LoadBalancer", `'${arn}' is not a valid resource ARN`);
}
