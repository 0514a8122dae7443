import type {
  ListTagsForResourceCommandInput,
  TagResourceCommandInput,
  UntagResourceCommandInput,
} from "@aws-sdk/client-sfn";
import { AwsError } from "../../core/aws-error.ts";
import type { Operation } from "../../core/kernel.ts";
import { parseMachineArn } from "./arns.ts";
import type { MachineDocument, MachineStore } from "./machine-documents.ts";
import type { Permissions } from "./permissions.ts";

/** Tags one resource may have. Source: TagResource API reference. */
const tagsMax = 50;

/** Tags of state machines. */
export function tagOperations(store: MachineStore, permissions: Permissions): Readonly<Record<string, Operation>> {
  const find = (arn: string | undefined): Readonly<MachineDocument> => {
    const machine = store.machines.get(parseMachineArn(arn).arn);
    if (!machine) throw new AwsError("ResourceNotFound", `Resource not found: '${arn}'`, 400, { resourceName: arn });
    return machine;
  };
  return {
    TagResource: {
      permissions: (input: TagResourceCommandInput, call) =>
        permissions.onTags(call, input.resourceArn, input.tags, undefined),
      run: (input: TagResourceCommandInput) => {
        const machine = find(input.resourceArn);
        const added = Object.fromEntries((input.tags ?? []).map(({ key, value }) => [key ?? "", value ?? ""]));
        const tags = { ...machine.tags, ...added };
        if (Object.keys(tags).length > tagsMax) {
          throw new AwsError("TooManyTags", `Too many tags: more than ${tagsMax}`, 400, { resourceName: machine.arn });
        }
        store.machines.put(machine.arn, { ...machine, tags });
        return {};
      },
    },
    UntagResource: {
      permissions: (input: UntagResourceCommandInput, call) =>
        permissions.onTags(call, input.resourceArn, undefined, input.tagKeys),
      run: (input: UntagResourceCommandInput) => {
        const machine = find(input.resourceArn);
        const kept = Object.entries(machine.tags).filter(([key]) => !input.tagKeys?.includes(key));
        store.machines.put(machine.arn, { ...machine, tags: Object.fromEntries(kept) });
        return {};
      },
    },
    ListTagsForResource: {
      permissions: (input: ListTagsForResourceCommandInput, call) =>
        permissions.onTags(call, input.resourceArn, undefined, undefined),
      run: (input: ListTagsForResourceCommandInput) => ({
        tags: Object.entries(find(input.resourceArn).tags).map(([key, value]) => ({ key, value })),
      }),
    },
  };
}
