import type {
  CreateTagsCommandInput,
  DeleteTagsCommandInput,
  DescribeTagsCommandInput,
  Tag,
  TagSpecification,
} from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Operation, Requirement } from "../core/kernel.ts";
import { requestTagConditions } from "../core/tag-conditions.ts";
import { invalidParameter, notFound, required } from "./errors.ts";
import { type FilterTable, matching } from "./filters.ts";
import { operation } from "./operation.ts";
import { page } from "./paging.ts";
import type { Tags } from "./records.ts";
import type { Ec2World, ResourceKind } from "./world.ts";

/** Limits of tags. Source: EC2 user guide, "Tag your resources", restrictions. */
const maxTags = 50;
const maxKeyLength = 128;
const maxValueLength = 256;

/** Tags as the API shows them. */
export function shownTags(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/**
 * Tags of a request, checked.
 * @param byService AWS's own services may write `aws:` tags.
 */
export function checkedTags(list: readonly Tag[] | undefined, byService: boolean): Tags {
  const tags: Tags = {};
  for (const { Key = "", Value = "" } of list ?? []) {
    if (Key === "") throw invalidParameter("Tag key cannot be empty.");
    if (Key.length > maxKeyLength) throw invalidParameter(`Tag key exceeds the maximum length of ${maxKeyLength}`);
    if (Value.length > maxValueLength) {
      throw invalidParameter(`Tag value exceeds the maximum length of ${maxValueLength}`);
    }
    if (/^aws:/i.test(Key) && !byService) {
      throw invalidParameter(`Tag keys starting with 'aws:' are reserved for internal use`);
    }
    if (Object.hasOwn(tags, Key)) throw invalidParameter(`Duplicate tag key '${Key}' specified.`);
    tags[Key] = Value;
  }
  checkCount(tags);
  return tags;
}

/**
 * The tags each kind of resource gets when it is created.
 * @throws {AwsError} InvalidParameterValue for a kind this request does not create.
 */
export function specifiedTags(
  specifications: readonly TagSpecification[] | undefined,
  kinds: readonly ResourceKind[],
  call: Pick<Call, "caller">,
): Partial<Record<ResourceKind, Tags>> {
  const tags: Partial<Record<ResourceKind, Tags>> = {};
  for (const { ResourceType, Tags: list } of specifications ?? []) {
    const kind = kinds.find((one) => one === ResourceType);
    if (!kind) {
      throw invalidParameter(`'${ResourceType}' is not a valid taggable resource type for this operation.`);
    }
    if (tags[kind]) throw invalidParameter(`Duplicate tag specification for resource type '${kind}'`);
    tags[kind] = checkedTags(list, call.caller.kind === "service");
  }
  return tags;
}

/** The permission to tag on creation, for each kind that is tagged. Source: EC2 user guide, "Grant permission to tag". */
export function tagOnCreatePermissions(
  world: Ec2World,
  creating: string,
  specifications: readonly TagSpecification[] | undefined,
): Requirement[] {
  return (specifications ?? [])
    .filter(({ Tags: list }) => (list ?? []).length > 0)
    .map(({ ResourceType, Tags: list }) => {
      const tags = Object.fromEntries((list ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
      return world.creation("CreateTags", ResourceType as ResourceKind, tags, { "ec2:CreateAction": creating });
    });
}

/** The tags a request asks for one kind, for judging it; unchecked. */
export function tagsFor(specifications: readonly TagSpecification[] | undefined, kind: ResourceKind): Tags {
  const list = specifications?.find(({ ResourceType }) => ResourceType === kind)?.Tags ?? [];
  return Object.fromEntries(list.map(({ Key = "", Value = "" }) => [Key, Value]));
}

interface TagEntry {
  resourceId: string;
  kind: string;
  key: string;
  value: string;
  tags: Tags;
}

const tagFilters: FilterTable<TagEntry> = {
  key: (entry) => entry.key,
  value: (entry) => entry.value,
  "resource-id": (entry) => entry.resourceId,
  "resource-type": (entry) => entry.kind,
};

export function tagOperations(world: Ec2World): Record<string, Operation> {
  return {
    ...operation<CreateTagsCommandInput, object>({
      name: "CreateTags",
      accepts: ["Resources", "Tags"],
      permissions: (input) => {
        const tags = Object.fromEntries((input.Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
        return (input.Resources ?? []).map((id) =>
          world.permission("CreateTags", kindOf(id), id, requestTagConditions(tags)),
        );
      },
      run(input, call) {
        const tags = checkedTags(required(input.Tags, "Tags"), call.caller.kind === "service");
        for (const id of required(input.Resources, "Resources")) requireResource(world, id);
        for (const id of input.Resources ?? []) change(world, id, (now) => ({ ...now, ...tags }));
        return {};
      },
    }),
    ...operation<DeleteTagsCommandInput, object>({
      name: "DeleteTags",
      accepts: ["Resources", "Tags"],
      permissions: (input) => (input.Resources ?? []).map((id) => world.permission("DeleteTags", kindOf(id), id)),
      run(input) {
        for (const id of required(input.Resources, "Resources")) requireResource(world, id);
        for (const id of input.Resources ?? []) {
          change(world, id, (now) =>
            Object.fromEntries(Object.entries(now).filter(([key, value]) => !goes(key, value))),
          );
        }
        return {};

        /** Without a list all of the user's tags go; a value given must be the tag's. */
        function goes(key: string, value: string): boolean {
          if (key.startsWith("aws:")) return false;
          if (input.Tags === undefined) return true;
          return input.Tags.some((tag) => tag.Key === key && (tag.Value === undefined || tag.Value === value));
        }
      },
    }),
    ...operation<DescribeTagsCommandInput, object>({
      name: "DescribeTags",
      accepts: ["Filters", "MaxResults", "NextToken"],
      run(input) {
        const found = matching(allTags(world), input.Filters, tagFilters);
        const { items, NextToken } = page(found, (entry) => `${entry.resourceId}/${entry.key}`, input);
        const Tags = items.map((entry) => ({
          ResourceId: entry.resourceId,
          ResourceType: entry.kind,
          Key: entry.key,
          Value: entry.value,
        }));
        return { Tags, NextToken };
      },
    }),
  };
}

const kinds: Readonly<Record<string, ResourceKind>> = {
  i: "instance",
  ami: "image",
  snap: "snapshot",
  vol: "volume",
  lt: "launch-template",
  sg: "security-group",
  subnet: "subnet",
  vpc: "vpc",
  eni: "network-interface",
};

function kindOf(id: string): ResourceKind {
  const kind = kinds[id.slice(0, id.indexOf("-"))];
  if (!kind) throw new AwsError("InvalidID", `The ID '${id}' is not valid`);
  return kind;
}

function requireResource(world: Ec2World, id: string): void {
  const found = world.resource(id);
  if (!found || !world.isVisible(found)) throw notFound(id.slice(0, id.indexOf("-") + 1), id);
}

function change(world: Ec2World, id: string, edit: (tags: Tags) => Tags): void {
  const collection = world.collectionOf(id);
  const found = collection?.get(id);
  if (!collection || !found) return;
  const tags = edit(found.tags);
  checkCount(tags);
  collection.put(id, { ...found, tags });
}

function checkCount(tags: Tags): void {
  const own = Object.keys(tags).filter((key) => !key.startsWith("aws:"));
  if (own.length > maxTags) {
    throw new AwsError("TagLimitExceeded", `More than ${maxTags} tags specified`);
  }
}

function allTags(world: Ec2World): TagEntry[] {
  const resources: [string, { tags: Tags; visibleAtMs: number }][] = [
    ...world.images
      .list()
      .filter((one) => one.ownerId === world.accountId)
      .map((one) => [one.imageId, one] as const),
    ...world.instances.list().map((one) => [one.instanceId, one] as const),
    ...world.interfaces.list().map((one) => [one.networkInterfaceId, one] as const),
    ...world.templates.list().map((one) => [one.launchTemplateId, one] as const),
    ...world.groups.list().map((one) => [one.groupId, one] as const),
    ...world.snapshots
      .list()
      .filter((one) => one.ownerId === world.accountId)
      .map((one) => [one.snapshotId, one] as const),
    ...world.subnets.list().map((one) => [one.subnetId, one] as const),
    ...world.volumes.list().map((one) => [one.volumeId, one] as const),
    ...world.vpcs.list().map((one) => [one.vpcId, one] as const),
  ].map(([id, resource]) => [id, resource]);
  const visible = resources.filter(([, resource]) => world.isVisible(resource));
  const entries = visible.flatMap(([resourceId, { tags }]) =>
    Object.entries(tags).map(([key, value]) => ({ resourceId, kind: kindOf(resourceId), key, value, tags })),
  );
  return entries.sort((a, b) => (`${a.resourceId}/${a.key}` < `${b.resourceId}/${b.key}` ? -1 : 1));
}
