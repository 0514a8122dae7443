import type {
  CreateLaunchTemplateVersionCommandInput,
  DeleteLaunchTemplateVersionsCommandInput,
  DescribeLaunchTemplateVersionsCommandInput,
  Filter,
  RequestLaunchTemplateData,
} from "@aws-sdk/client-ec2";
import type { Operation } from "../core/kernel.ts";
import { ClientTokens } from "./client-tokens.ts";
import { badCombination, invalidParameter, required } from "./errors.ts";
import { type FilterTable, matching } from "./filters.ts";
import { checkTemplateData } from "./launch-template-data.ts";
import { noSuchVersion, requireTemplate, templatePermission, versionKey } from "./launch-templates.ts";
import { operation } from "./operation.ts";
import { page } from "./paging.ts";
import type { LaunchTemplateRecord, LaunchTemplateVersionRecord } from "./records.ts";
import type { Ec2World } from "./world.ts";

type Version = Readonly<LaunchTemplateVersionRecord>;

const filters: FilterTable<Version & { tags: Record<string, string>; isDefault: boolean }> = {
  "is-default-version": (one) => one.isDefault,
  "image-id": (one) => one.data.ImageId,
  "instance-type": (one) => one.data.InstanceType,
  "iam-instance-profile": (one) => one.data.IamInstanceProfile?.Arn ?? one.data.IamInstanceProfile?.Name,
  "ebs-optimized": (one) => one.data.EbsOptimized,
};

export function launchTemplateVersionOperations(world: Ec2World): Record<string, Operation> {
  const tokens = new ClientTokens(world, "CreateLaunchTemplateVersion", 128);
  return {
    ...operation<CreateLaunchTemplateVersionCommandInput, object>({
      name: "CreateLaunchTemplateVersion",
      accepts: [
        "ClientToken",
        "LaunchTemplateId",
        "LaunchTemplateName",
        "SourceVersion",
        "VersionDescription",
        "LaunchTemplateData",
      ],
      permissions: (input) => [templatePermission(world, "CreateLaunchTemplateVersion", input)],
      run(input, call) {
        const { ClientToken, ...request } = input;
        const template = requireTemplate(world, input);
        const earlier = tokens.find(ClientToken, request);
        const existing = earlier === undefined ? undefined : world.templateVersions.get(earlier);
        if (existing) return { LaunchTemplateVersion: shown(template, existing) };
        const given = required(input.LaunchTemplateData, "LaunchTemplateData");
        checkTemplateData(given);
        const source =
          input.SourceVersion === undefined ? undefined : requireVersion(world, template, input.SourceVersion);
        const version = template.latestVersion + 1;
        const record: LaunchTemplateVersionRecord = {
          launchTemplateId: template.launchTemplateId,
          version,
          ...(input.VersionDescription === undefined ? {} : { description: input.VersionDescription }),
          createdAtMs: world.now(),
          createdBy: call.caller.arn,
          data: { ...source?.data, ...defined(given) },
        };
        world.templateVersions.put(versionKey(template.launchTemplateId, version), record);
        const changed = { ...template, latestVersion: version };
        world.templates.put(template.launchTemplateId, changed);
        tokens.remember(ClientToken, request, versionKey(template.launchTemplateId, version));
        return { LaunchTemplateVersion: shown(changed, record) };
      },
    }),
    ...operation<DescribeLaunchTemplateVersionsCommandInput, object>({
      name: "DescribeLaunchTemplateVersions",
      accepts: [
        "LaunchTemplateId",
        "LaunchTemplateName",
        "Versions",
        "MinVersion",
        "MaxVersion",
        "Filters",
        "MaxResults",
        "NextToken",
      ],
      run: (input) => describeVersions(world, input),
    }),
    ...operation<DeleteLaunchTemplateVersionsCommandInput, object>({
      name: "DeleteLaunchTemplateVersions",
      accepts: ["LaunchTemplateId", "LaunchTemplateName", "Versions"],
      permissions: (input) => [templatePermission(world, "DeleteLaunchTemplateVersions", input)],
      run: (input) => deleteVersions(world, input),
    }),
  };
}

/**
 * The version a reference means: a number, `$Default` or `$Latest`; `$Default` when left out.
 * @throws {AwsError} InvalidLaunchTemplateId.VersionNotFound.
 */
export function requireVersion(
  world: Ec2World,
  template: Readonly<LaunchTemplateRecord>,
  reference: string | undefined,
): Version {
  const number = numberOf(world, template, reference ?? "$Default");
  const found = world.templateVersions.get(versionKey(template.launchTemplateId, number));
  if (!found) throw noSuchVersion(template, reference ?? "$Default");
  return found;
}

function numberOf(world: Ec2World, template: Readonly<LaunchTemplateRecord>, reference: string): number {
  if (reference === "$Default") return template.defaultVersion;
  // The newest one that is there: the one made last may have been deleted since.
  if (reference === "$Latest") {
    return Math.max(...world.templateVersions.list(`${template.launchTemplateId}/`).map(({ version }) => version));
  }
  if (!/^\d+$/.test(reference)) {
    throw invalidParameter(
      `'${reference}' is not a valid launch template version. Valid values are numbers, $Default and $Latest`,
    );
  }
  return Number(reference);
}

function describeVersions(world: Ec2World, input: DescribeLaunchTemplateVersionsCommandInput) {
  const bounds = { min: 1, max: 200 };
  if (input.LaunchTemplateId === undefined && input.LaunchTemplateName === undefined) {
    return describeOfAll(world, input, bounds);
  }
  const template = requireTemplate(world, input);
  const between = (one: Version) =>
    one.version >= Number(input.MinVersion ?? 0) && one.version <= Number(input.MaxVersion ?? Number.MAX_SAFE_INTEGER);
  const versions =
    input.Versions && input.Versions.length > 0
      ? input.Versions.map((reference) => requireVersion(world, template, reference))
      : world.templateVersions.list(`${template.launchTemplateId}/`).filter(between);
  const found = filtered(template, versions, input.Filters);
  const { items, NextToken } = page(found, (one) => versionKey(one.launchTemplateId, one.version), input, bounds);
  return { LaunchTemplateVersions: items.map((one) => shown(template, one)), NextToken };
}

/** Without a template only `$Latest` and `$Default` of all of them can be asked for. Source: its API reference. */
function describeOfAll(
  world: Ec2World,
  input: DescribeLaunchTemplateVersionsCommandInput,
  bounds: { min: number; max: number },
) {
  const references = input.Versions ?? [];
  if (references.length === 0 || references.some((one) => one !== "$Latest" && one !== "$Default")) {
    throw badCombination("Without a launch template, Versions must be $Latest, $Default or both");
  }
  const entries = world.templates.list().flatMap((template) => {
    const wanted = references.map((reference) => requireVersion(world, template, reference));
    return filtered(template, wanted, input.Filters).map((version) => ({ template, version }));
  });
  const key = ({ version }: (typeof entries)[number]) => versionKey(version.launchTemplateId, version.version);
  const { items, NextToken } = page(entries, key, input, bounds);
  return { LaunchTemplateVersions: items.map(({ template, version }) => shown(template, version)), NextToken };
}

function filtered(
  template: Readonly<LaunchTemplateRecord>,
  versions: readonly Version[],
  wanted: Filter[] | undefined,
): Version[] {
  const items = versions.map((one) => ({ ...one, tags: {}, isDefault: one.version === template.defaultVersion }));
  return matching(items, wanted, filters);
}

function deleteVersions(world: Ec2World, input: DeleteLaunchTemplateVersionsCommandInput) {
  const template = requireTemplate(world, input);
  const name = { LaunchTemplateId: template.launchTemplateId, LaunchTemplateName: template.launchTemplateName };
  const done: object[] = [];
  const failed: object[] = [];
  for (const reference of required(input.Versions, "LaunchTemplateVersion")) {
    const VersionNumber = numberOf(world, template, reference);
    const refuse = (Code: string, Message: string) =>
      failed.push({ ...name, VersionNumber, ResponseError: { Code, Message } });
    if (VersionNumber === template.defaultVersion) {
      refuse("unexpectedError", "The default version of a launch template cannot be deleted.");
    } else if (world.templateVersions.delete(versionKey(template.launchTemplateId, VersionNumber))) {
      done.push({ ...name, VersionNumber });
    } else {
      refuse("launchTemplateVersionDoesNotExist", `The version ${VersionNumber} does not exist.`);
    }
  }
  return {
    SuccessfullyDeletedLaunchTemplateVersions: done,
    UnsuccessfullyDeletedLaunchTemplateVersions: failed,
  };
}

function shown(template: Readonly<LaunchTemplateRecord>, one: Version) {
  return {
    LaunchTemplateId: one.launchTemplateId,
    LaunchTemplateName: template.launchTemplateName,
    VersionNumber: one.version,
    VersionDescription: one.description,
    CreateTime: new Date(one.createdAtMs),
    CreatedBy: one.createdBy,
    DefaultVersion: one.version === template.defaultVersion,
    LaunchTemplateData: one.data,
  };
}

function defined(data: RequestLaunchTemplateData): RequestLaunchTemplateData {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));
}
