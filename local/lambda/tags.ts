import type { ListTagsCommandInput, TagResourceCommandInput, UntagResourceCommandInput } from "@aws-sdk/client-lambda";
import type { Operation } from "../core/kernel.ts";
import { requestTagConditions } from "../core/tag-conditions.ts";
import type { FunctionCatalog } from "./catalog.ts";
import { invalidParameter } from "./catalog.ts";
import { parseFunctionReference } from "./names.ts";

/** Source: "Using tags on Lambda functions", at most 50 tags. */
const maxTags = 50;

/** Operations on tags; they are the function's, whatever its versions. */
export function tagOperations(catalog: FunctionCatalog): Record<string, Operation> {
  return {
    TagResource: {
      permissions: (input: TagResourceCommandInput) =>
        catalog.requirement("TagResource", { FunctionName: input.Resource }).map((one) => ({
          ...one,
          context: { ...one.context, ...requestTagConditions(input.Tags) },
        })),
      run: (input: TagResourceCommandInput) => {
        const found = catalog.find(parseFunctionReference(input.Resource).name);
        const tags = { ...found.tags, ...input.Tags };
        if (Object.keys(tags).length > maxTags) throw invalidParameter(`A function has at most ${maxTags} tags.`);
        catalog.functions.put(found.name, { ...found, tags });
        return {};
      },
    },
    UntagResource: {
      permissions: (input: UntagResourceCommandInput) =>
        catalog.requirement("UntagResource", { FunctionName: input.Resource }).map((one) => ({
          ...one,
          context: { ...one.context, "aws:TagKeys": input.TagKeys ?? [] },
        })),
      run: (input: UntagResourceCommandInput) => {
        const found = catalog.find(parseFunctionReference(input.Resource).name);
        const kept = Object.entries(found.tags).filter(([key]) => !input.TagKeys?.includes(key));
        catalog.functions.put(found.name, { ...found, tags: Object.fromEntries(kept) });
        return {};
      },
    },
    ListTags: {
      permissions: (input: ListTagsCommandInput) => catalog.requirement("ListTags", { FunctionName: input.Resource }),
      run: (input: ListTagsCommandInput) => ({
        Tags: catalog.find(parseFunctionReference(input.Resource).name).tags,
      }),
    },
  };
}
