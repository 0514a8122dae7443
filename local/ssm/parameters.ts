import type {
  AddTagsToResourceCommandInput,
  DeleteParameterCommandInput,
  DeleteParametersCommandInput,
  DescribeParametersCommandInput,
  GetParameterCommandInput,
  GetParameterHistoryCommandInput,
  GetParametersByPathCommandInput,
  GetParametersCommandInput,
  LabelParameterVersionCommandInput,
  ListTagsForResourceCommandInput,
  PutParameterCommandInput,
  RemoveTagsFromResourceCommandInput,
  UnlabelParameterVersionCommandInput,
} from "@aws-sdk/client-ssm";
import { AwsError } from "../core/aws-error.ts";
import type { Operation, Requirement } from "../core/kernel.ts";
import { requestTagConditions, resourceTagConditions } from "../core/tag-conditions.ts";
import { labelVersion, unlabelVersion } from "./labels.ts";
import type { ParameterStore } from "./parameter-store.ts";
import type { ParameterWriter } from "./put-parameter.ts";
import {
  deleteParameter,
  describeParameters,
  getParameter,
  getParameterHistory,
  getParameters,
  getParametersByPath,
  readArn,
} from "./read-parameters.ts";

function tagsOf(list: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined) {
  return Object.fromEntries((list ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
}

/** Operations of Parameter Store. */
export function parameterOperations(store: ParameterStore, writer: ParameterWriter): Record<string, Operation> {
  const on = (action: string, name: string | undefined, context: Requirement["context"] = {}): Requirement => ({
    action: `ssm:${action}`,
    resource: readArn(store, name ?? ""),
    context: { ...resourceTagConditions(store.find(name ?? "")?.tags), ...context },
  });
  return {
    PutParameter: {
      permissions: (input: PutParameterCommandInput) => {
        const tags = tagsOf(input.Tags);
        const context = { "ssm:Overwrite": String(input.Overwrite ?? false), ...requestTagConditions(tags) };
        const own = on("PutParameter", input.Name, context);
        // Tags at creation need the permission to tag. Source: "Tagging Systems Manager resources when created".
        if (Object.keys(tags).length === 0) return [own];
        return [own, on("AddTagsToResource", input.Name, requestTagConditions(tags))];
      },
      run: (input: PutParameterCommandInput, call) => writer.put(input, call),
    },
    GetParameter: {
      permissions: (input: GetParameterCommandInput) => [on("GetParameter", input.Name)],
      run: (input: GetParameterCommandInput, call) => getParameter(store, input, call),
    },
    GetParameters: {
      permissions: (input: GetParametersCommandInput) => (input.Names ?? []).map((name) => on("GetParameters", name)),
      run: (input: GetParametersCommandInput, call) => getParameters(store, input, call),
    },
    GetParametersByPath: {
      permissions: (input: GetParametersByPathCommandInput) => [
        on("GetParametersByPath", input.Path, { "ssm:Recursive": String(input.Recursive ?? false) }),
      ],
      run: (input: GetParametersByPathCommandInput, call) => getParametersByPath(store, input, call),
    },
    DescribeParameters: { run: (input: DescribeParametersCommandInput) => describeParameters(store, input) },
    GetParameterHistory: {
      permissions: (input: GetParameterHistoryCommandInput) => [on("GetParameterHistory", input.Name)],
      run: (input: GetParameterHistoryCommandInput, call) => getParameterHistory(store, input, call),
    },
    DeleteParameter: {
      permissions: (input: DeleteParameterCommandInput) => [on("DeleteParameter", input.Name)],
      run: (input: DeleteParameterCommandInput) => {
        deleteParameter(store, input.Name ?? "");
        return {};
      },
    },
    DeleteParameters: {
      permissions: (input: DeleteParametersCommandInput) =>
        (input.Names ?? []).map((name) => on("DeleteParameters", name)),
      run: (input: DeleteParametersCommandInput) => {
        const known = (input.Names ?? []).filter((name) => store.find(name)?.isPublic === false);
        for (const name of known) deleteParameter(store, name);
        const unknown = (input.Names ?? []).filter((name) => !known.includes(name));
        return { DeletedParameters: known, InvalidParameters: unknown };
      },
    },
    LabelParameterVersion: {
      permissions: (input: LabelParameterVersionCommandInput) => [on("LabelParameterVersion", input.Name)],
      run: (input: LabelParameterVersionCommandInput) => labelVersion(store, input),
    },
    UnlabelParameterVersion: {
      permissions: (input: UnlabelParameterVersionCommandInput) => [on("UnlabelParameterVersion", input.Name)],
      run: (input: UnlabelParameterVersionCommandInput) => unlabelVersion(store, input),
    },
    ...tagOperations(store, on),
  };
}

type On = (action: string, name: string | undefined, context?: Requirement["context"]) => Requirement;

function tagOperations(store: ParameterStore, on: On): Record<string, Operation> {
  const find = (input: { ResourceType?: string | undefined; ResourceId?: string | undefined }) => {
    if (input.ResourceType !== "Parameter") {
      throw new AwsError("InvalidResourceType", `The embedded cloud has no tags of ${input.ResourceType}.`);
    }
    const record = store.find(input.ResourceId ?? "");
    if (!record || record.isPublic) {
      throw new AwsError(
        "InvalidResourceId",
        "The resource ID is not valid. Verify that you entered the correct ID and try again.",
      );
    }
    return record;
  };
  return {
    AddTagsToResource: {
      permissions: (input: AddTagsToResourceCommandInput) => [
        on("AddTagsToResource", input.ResourceId, requestTagConditions(tagsOf(input.Tags))),
      ],
      run: (input: AddTagsToResourceCommandInput) => {
        const record = find(input);
        store.parameters.put(record.name, { ...record, tags: { ...record.tags, ...tagsOf(input.Tags) } });
        return {};
      },
    },
    RemoveTagsFromResource: {
      permissions: (input: RemoveTagsFromResourceCommandInput) => [
        on("RemoveTagsFromResource", input.ResourceId, { "aws:TagKeys": input.TagKeys ?? [] }),
      ],
      run: (input: RemoveTagsFromResourceCommandInput) => {
        const record = find(input);
        const kept = Object.entries(record.tags).filter(([key]) => !input.TagKeys?.includes(key));
        store.parameters.put(record.name, { ...record, tags: Object.fromEntries(kept) });
        return {};
      },
    },
    ListTagsForResource: {
      permissions: (input: ListTagsForResourceCommandInput) => [on("ListTagsForResource", input.ResourceId)],
      run: (input: ListTagsForResourceCommandInput) => ({
        TagList: Object.entries(find(input).tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    },
  };
}
