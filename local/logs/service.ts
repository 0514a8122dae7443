import type {
  ListTagsForResourceCommandInput,
  TagResourceCommandInput,
  UntagResourceCommandInput,
} from "@aws-sdk/client-cloudwatch-logs";
import type { Kernel, Operation, Service } from "../core/kernel.ts";
import { requestTagConditions } from "../core/tag-conditions.ts";
import { eventOperations } from "./events.ts";
import { groupName, groupOperations, onGroup } from "./groups.ts";
import { LogStore } from "./log-store.ts";
import { LogsResourcePolicies } from "./resource-policies.ts";

/**
 * CloudWatch Logs: groups, streams, events, filter patterns, retention. Differences from AWS: a stream keeps its newest
 * events only (about 65,000); no subscriptions, metric filters, Insights or patterns of space-delimited fields.
 */
export class LogsService implements Service {
  readonly id = "logs";
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #policies: LogsResourcePolicies;

  constructor(kernel: Kernel) {
    const store = new LogStore(kernel);
    this.#policies = new LogsResourcePolicies(kernel);
    this.operations = {
      ...groupOperations(store),
      ...eventOperations(store),
      ...this.#policies.operations,
      ...tagOperations(store),
    };
  }

  /** The account's resource policies as one document, for the policy engine. */
  resourcePolicy(): string | undefined {
    return this.#policies.document();
  }
}

function tagOperations(store: LogStore): Record<string, Operation> {
  const nameOf = (arn: string | undefined) => groupName({ logGroupIdentifier: arn });
  const on = (action: string, arn: string | undefined, tags: Record<string, string | string[]> = {}) =>
    onGroup(store, action, nameOf(arn)).map((one) => ({ ...one, context: { ...one.context, ...tags } }));
  return {
    TagResource: {
      permissions: (input: TagResourceCommandInput) =>
        on("TagResource", input.resourceArn, requestTagConditions(input.tags)),
      run: (input: TagResourceCommandInput) => {
        const group = store.group(nameOf(input.resourceArn));
        store.groups.put(group.name, { ...group, tags: { ...group.tags, ...input.tags } });
        return {};
      },
    },
    UntagResource: {
      permissions: (input: UntagResourceCommandInput) =>
        on("UntagResource", input.resourceArn, { "aws:TagKeys": input.tagKeys ?? [] }),
      run: (input: UntagResourceCommandInput) => {
        const group = store.group(nameOf(input.resourceArn));
        const kept = Object.entries(group.tags).filter(([key]) => !input.tagKeys?.includes(key));
        store.groups.put(group.name, { ...group, tags: Object.fromEntries(kept) });
        return {};
      },
    },
    ListTagsForResource: {
      permissions: (input: ListTagsForResourceCommandInput) => on("ListTagsForResource", input.resourceArn),
      run: (input: ListTagsForResourceCommandInput) => ({ tags: store.group(nameOf(input.resourceArn)).tags }),
    },
  };
}
