import type {
  CreateLaunchTemplateCommandInput,
  DeleteLaunchTemplateCommandInput,
  DescribeLaunchTemplatesCommandInput,
  ModifyLaunchTemplateCommandInput,
} from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Operation } from "../core/kernel.ts";
import { ClientTokens } from "./client-tokens.ts";
import { invalidParameter, required } from "./errors.ts";
import { type FilterTable, matching } from "./filters.ts";
import { checkTemplateData } from "./launch-template-data.ts";
import { operation } from "./operation.ts";
import { page } from "./paging.ts";
import type { LaunchTemplateRecord } from "./records.ts";
import { shownTags, specifiedTags, tagOnCreatePermissions, tagsFor } from "./tags.ts";
import type { Ec2World } from "./world.ts";

/** Names of launch templates. Source: botocore ec2 model, LaunchTemplateName. */
const namePattern = /^[a-zA-Z0-9().\-/_]{3,128}$/;

const filters: FilterTable<Readonly<LaunchTemplateRecord>> = {
  "launch-template-name": (one) => one.launchTemplateName,
  "create-time": (one) => new Date(one.createdAtMs).toISOString(),
};

export function launchTemplateOperations(world: Ec2World): Record<string, Operation> {
  const tokens = new ClientTokens(world, "CreateLaunchTemplate", 128);
  return {
    ...operation<CreateLaunchTemplateCommandInput, object>({
      name: "CreateLaunchTemplate",
      accepts: ["ClientToken", "LaunchTemplateName", "VersionDescription", "LaunchTemplateData", "TagSpecifications"],
      permissions: (input) => [
        world.creation("CreateLaunchTemplate", "launch-template", tagsFor(input.TagSpecifications, "launch-template")),
        ...tagOnCreatePermissions(world, "CreateLaunchTemplate", input.TagSpecifications),
      ],
      run(input, call) {
        const { ClientToken, ...request } = input;
        const earlier = tokens.find(ClientToken, request);
        const existing = earlier === undefined ? undefined : world.templates.get(earlier);
        if (existing) return { LaunchTemplate: shownTemplate(existing) };
        const record = createTemplate(world, input, call);
        tokens.remember(ClientToken, request, record.launchTemplateId);
        return { LaunchTemplate: shownTemplate(record) };
      },
    }),
    ...operation<DescribeLaunchTemplatesCommandInput, object>({
      name: "DescribeLaunchTemplates",
      accepts: ["LaunchTemplateIds", "LaunchTemplateNames", "Filters", "MaxResults", "NextToken"],
      run(input) {
        const named = [
          ...(input.LaunchTemplateIds ?? []).map((id) => requireTemplate(world, { LaunchTemplateId: id })),
          ...(input.LaunchTemplateNames ?? []).map((name) => requireTemplate(world, { LaunchTemplateName: name })),
        ];
        const all = world.templates.list().filter((one) => world.isVisible(one));
        const chosen = input.LaunchTemplateIds || input.LaunchTemplateNames ? named : all;
        const { items, NextToken } = page(
          matching(chosen, input.Filters, filters),
          (one) => one.launchTemplateId,
          input,
          {
            min: 1,
            max: 200,
          },
        );
        return { LaunchTemplates: items.map(shownTemplate), NextToken };
      },
    }),
    ...operation<ModifyLaunchTemplateCommandInput, object>({
      name: "ModifyLaunchTemplate",
      accepts: ["ClientToken", "LaunchTemplateId", "LaunchTemplateName", "DefaultVersion"],
      permissions: (input) => [templatePermission(world, "ModifyLaunchTemplate", input)],
      run(input) {
        const template = requireTemplate(world, input);
        const defaultVersion = Number(required(input.DefaultVersion, "SetDefaultVersion"));
        if (!world.templateVersions.get(versionKey(template.launchTemplateId, defaultVersion))) {
          throw noSuchVersion(template, String(input.DefaultVersion));
        }
        const changed = { ...template, defaultVersion };
        world.templates.put(template.launchTemplateId, changed);
        return { LaunchTemplate: shownTemplate(changed) };
      },
    }),
    ...operation<DeleteLaunchTemplateCommandInput, object>({
      name: "DeleteLaunchTemplate",
      accepts: ["LaunchTemplateId", "LaunchTemplateName"],
      permissions: (input) => [templatePermission(world, "DeleteLaunchTemplate", input)],
      run(input) {
        const template = requireTemplate(world, input);
        for (const key of world.templateVersions.keys(`${template.launchTemplateId}/`))
          world.templateVersions.delete(key);
        world.templates.delete(template.launchTemplateId);
        return { LaunchTemplate: shownTemplate(template) };
      },
    }),
  };
}

function createTemplate(world: Ec2World, input: CreateLaunchTemplateCommandInput, call: Call): LaunchTemplateRecord {
  const launchTemplateName = required(input.LaunchTemplateName, "LaunchTemplateName");
  if (!namePattern.test(launchTemplateName)) {
    throw new AwsError(
      "InvalidLaunchTemplateName.MalformedException",
      `The specified launch template name, ${launchTemplateName}, is not valid.`,
    );
  }
  const data = required(input.LaunchTemplateData, "LaunchTemplateData");
  checkTemplateData(data);
  const tags = specifiedTags(input.TagSpecifications, ["launch-template"], call)["launch-template"] ?? {};
  if (world.templates.list().some((one) => one.launchTemplateName === launchTemplateName)) {
    throw new AwsError("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.");
  }
  const launchTemplateId = world.newId("lt-");
  const created = { createdAtMs: world.now(), createdBy: call.caller.arn };
  const record: LaunchTemplateRecord = {
    launchTemplateId,
    launchTemplateName,
    ...created,
    defaultVersion: 1,
    latestVersion: 1,
    tags,
    visibleAtMs: world.visibleFrom(),
  };
  world.templates.put(launchTemplateId, record);
  world.templateVersions.put(versionKey(launchTemplateId, 1), {
    launchTemplateId,
    version: 1,
    ...(input.VersionDescription === undefined ? {} : { description: input.VersionDescription }),
    ...created,
    data,
  });
  return record;
}

/** Key of a version's document; padded so that documents sort by number. */
export function versionKey(launchTemplateId: string, version: number): string {
  return `${launchTemplateId}/${String(version).padStart(10, "0")}`;
}

export function noSuchVersion(template: Readonly<LaunchTemplateRecord>, version: string): AwsError {
  return new AwsError(
    "InvalidLaunchTemplateId.VersionNotFound",
    `Could not find the specified version ${version} for the launch template with ID ${template.launchTemplateId}.`,
  );
}

interface TemplateReference {
  LaunchTemplateId?: string | undefined;
  LaunchTemplateName?: string | undefined;
}

/**
 * The launch template a request names, by id or by name.
 * @throws {AwsError} InvalidLaunchTemplateId.NotFound, InvalidLaunchTemplateName.NotFoundException.
 */
export function requireTemplate(world: Ec2World, reference: TemplateReference): Readonly<LaunchTemplateRecord> {
  const { LaunchTemplateId: id, LaunchTemplateName: name } = reference;
  if ((id === undefined) === (name === undefined)) {
    throw invalidParameter("Either a launch template ID or a launch template name must be specified, but not both");
  }
  if (id !== undefined) return world.require(world.templates, "lt-", id);
  const found = world.templates.list().find((one) => one.launchTemplateName === name && world.isVisible(one));
  if (found) return found;
  throw new AwsError(
    "InvalidLaunchTemplateName.NotFoundException",
    `The specified launch template, with template name ${name}, does not exist.`,
  );
}

/** Permission on the template a request names; on all when it names none that exists. */
export function templatePermission(world: Ec2World, action: string, reference: TemplateReference) {
  const named = world.templates
    .list()
    .find((one) => one.launchTemplateName === reference.LaunchTemplateName)?.launchTemplateId;
  return world.permission(action, "launch-template", reference.LaunchTemplateId ?? named ?? "*");
}

function shownTemplate(one: Readonly<LaunchTemplateRecord>) {
  return {
    LaunchTemplateId: one.launchTemplateId,
    LaunchTemplateName: one.launchTemplateName,
    CreateTime: new Date(one.createdAtMs),
    CreatedBy: one.createdBy,
    DefaultVersionNumber: one.defaultVersion,
    LatestVersionNumber: one.latestVersion,
    Tags: shownTags(one.tags),
  };
}
