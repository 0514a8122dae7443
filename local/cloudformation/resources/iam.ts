import type {
  CreateInstanceProfileCommandOutput,
  CreatePolicyCommandOutput,
  CreateRoleCommandOutput,
  ListPolicyVersionsCommandOutput,
} from "@aws-sdk/client-iam";
import { type ResourceContext, resourceType, tagList } from "../resource-type.ts";
import type { Json } from "../template.ts";

const inlinePolicies = [{ PolicyName: "string", PolicyDocument: "json" }] as const;

type InlinePolicies = { PolicyName?: string; PolicyDocument?: Json }[];
interface RoleParts {
  Policies?: InlinePolicies;
  ManagedPolicyArns?: string[];
}

/** Brings a role's inline and attached policies from what they were to what they shall be. */
async function setRolePolicies(RoleName: string, after: RoleParts, before: RoleParts, context: ResourceContext) {
  for (const { PolicyName, PolicyDocument } of after.Policies ?? []) {
    const input = { RoleName, PolicyName, PolicyDocument: JSON.stringify(PolicyDocument) };
    await context.call("iam", "PutRolePolicy", input);
  }
  const kept = new Set(after.Policies?.map((policy) => policy.PolicyName));
  for (const { PolicyName } of before.Policies ?? []) {
    if (!kept.has(PolicyName)) {
      await context.remove("iam", "DeleteRolePolicy", { RoleName, PolicyName }, "NoSuchEntity");
    }
  }
  for (const PolicyArn of after.ManagedPolicyArns ?? []) {
    if (!before.ManagedPolicyArns?.includes(PolicyArn)) {
      await context.call("iam", "AttachRolePolicy", { RoleName, PolicyArn });
    }
  }
  for (const PolicyArn of before.ManagedPolicyArns ?? []) {
    if (!after.ManagedPolicyArns?.includes(PolicyArn)) {
      await context.remove("iam", "DetachRolePolicy", { RoleName, PolicyArn }, "NoSuchEntity");
    }
  }
}

export const role = resourceType({
  shape: {
    RoleName: "string",
    Path: "string",
    AssumeRolePolicyDocument: "json",
    Description: "string",
    MaxSessionDuration: "integer",
    PermissionsBoundary: "string",
    Policies: inlinePolicies,
    ManagedPolicyArns: ["string"],
    Tags: tagList,
  },
  required: ["AssumeRolePolicyDocument"],
  replaces: ["RoleName", "Path"],
  nameProperty: "RoleName",
  async create(properties, context) {
    const RoleName = properties.RoleName ?? context.name(64);
    const input = {
      RoleName,
      AssumeRolePolicyDocument: JSON.stringify(properties.AssumeRolePolicyDocument),
      Path: properties.Path,
      Description: properties.Description,
      MaxSessionDuration: properties.MaxSessionDuration,
      PermissionsBoundary: properties.PermissionsBoundary,
      Tags: context.tags(properties.Tags),
    };
    const made = await context.create<CreateRoleCommandOutput>("iam", "CreateRole", input, "EntityAlreadyExists");
    const found = made ?? (await context.call<CreateRoleCommandOutput>("iam", "GetRole", { RoleName }));
    return { id: RoleName, attributes: { Arn: found.Role?.Arn ?? "", RoleId: found.Role?.RoleId ?? "" } };
  },
  complete: (RoleName, properties, context) => setRolePolicies(RoleName, properties, {}, context),
  async update(RoleName, properties, before, context) {
    const PolicyDocument = JSON.stringify(properties.AssumeRolePolicyDocument);
    if (PolicyDocument !== JSON.stringify(before.AssumeRolePolicyDocument)) {
      await context.call("iam", "UpdateAssumeRolePolicy", { RoleName, PolicyDocument });
    }
    const { Description, MaxSessionDuration } = properties;
    if (Description !== before.Description || MaxSessionDuration !== before.MaxSessionDuration) {
      await context.call("iam", "UpdateRole", { RoleName, Description: Description ?? "", MaxSessionDuration });
    }
    if (properties.PermissionsBoundary !== before.PermissionsBoundary) {
      const { PermissionsBoundary } = properties;
      if (PermissionsBoundary === undefined) await context.call("iam", "DeleteRolePermissionsBoundary", { RoleName });
      else await context.call("iam", "PutRolePermissionsBoundary", { RoleName, PermissionsBoundary });
    }
    await setRolePolicies(RoleName, properties, before, context);
    const tags = context.tags(properties.Tags);
    const TagKeys = context.removedTagKeys(before.Tags, properties.Tags);
    if (TagKeys.length > 0) await context.call("iam", "UntagRole", { RoleName, TagKeys });
    if (tags.length > 0) await context.call("iam", "TagRole", { RoleName, Tags: tags });
    return undefined;
  },
  async remove(RoleName, properties, context) {
    try {
      await setRolePolicies(RoleName, {}, properties, context);
    } finally {
      await context.remove("iam", "DeleteRole", { RoleName }, "NoSuchEntity");
    }
  },
});

/** An inline policy put on roles, apart from them. */
export const policy = resourceType({
  shape: { PolicyName: "string", PolicyDocument: "json", Roles: ["string"] },
  required: ["PolicyName", "PolicyDocument", "Roles"],
  replaces: ["PolicyName"],
  async create({ PolicyName, PolicyDocument, Roles }, context) {
    for (const RoleName of Roles) {
      const input = { RoleName, PolicyName, PolicyDocument: JSON.stringify(PolicyDocument) };
      await context.call("iam", "PutRolePolicy", input);
    }
    return { id: context.name(128) };
  },
  async update(_id, { PolicyName, PolicyDocument, Roles }, before, context) {
    for (const RoleName of Roles) {
      const input = { RoleName, PolicyName, PolicyDocument: JSON.stringify(PolicyDocument) };
      await context.call("iam", "PutRolePolicy", input);
    }
    for (const RoleName of before.Roles.filter((one) => !Roles.includes(one))) {
      await context.remove("iam", "DeleteRolePolicy", { RoleName, PolicyName }, "NoSuchEntity");
    }
    return undefined;
  },
  async remove(_id, { PolicyName, Roles }, context) {
    for (const RoleName of Roles) {
      await context.remove("iam", "DeleteRolePolicy", { RoleName, PolicyName }, "NoSuchEntity");
    }
  },
});

export const managedPolicy = resourceType({
  shape: {
    ManagedPolicyName: "string",
    Path: "string",
    Description: "string",
    PolicyDocument: "json",
    Roles: ["string"],
  },
  required: ["PolicyDocument"],
  replaces: ["ManagedPolicyName", "Path", "Description"],
  nameProperty: "ManagedPolicyName",
  async create(properties, context) {
    const PolicyName = properties.ManagedPolicyName ?? context.name(128);
    const { Path, Description } = properties;
    const input = { PolicyName, Path, Description, PolicyDocument: JSON.stringify(properties.PolicyDocument) };
    const made = await context.create<CreatePolicyCommandOutput>("iam", "CreatePolicy", input, "EntityAlreadyExists");
    const { accountId } = context.kernel.settings;
    const PolicyArn = made?.Policy?.Arn ?? `arn:aws:iam::${accountId}:policy${Path ?? "/"}${PolicyName}`;
    return { id: PolicyArn, attributes: { PolicyArn } };
  },
  async complete(PolicyArn, { Roles }, context) {
    for (const RoleName of Roles ?? []) await context.call("iam", "AttachRolePolicy", { RoleName, PolicyArn });
  },
  async update(PolicyArn, properties, before, context) {
    const PolicyDocument = JSON.stringify(properties.PolicyDocument);
    if (PolicyDocument !== JSON.stringify(before.PolicyDocument)) {
      await removeOldVersions(PolicyArn, context);
      await context.call("iam", "CreatePolicyVersion", { PolicyArn, PolicyDocument, SetAsDefault: true });
    }
    for (const RoleName of properties.Roles ?? [])
      await context.call("iam", "AttachRolePolicy", { RoleName, PolicyArn });
    for (const RoleName of before.Roles ?? []) {
      if (properties.Roles?.includes(RoleName)) continue;
      await context.remove("iam", "DetachRolePolicy", { RoleName, PolicyArn }, "NoSuchEntity");
    }
    return undefined;
  },
  async remove(PolicyArn, { Roles }, context) {
    for (const RoleName of Roles ?? []) {
      await context.remove("iam", "DetachRolePolicy", { RoleName, PolicyArn }, "NoSuchEntity");
    }
    await removeOldVersions(PolicyArn, context);
    await context.remove("iam", "DeletePolicy", { PolicyArn }, "NoSuchEntity");
  },
});

/** A policy has at most five versions, and one with others than its default cannot be deleted. */
async function removeOldVersions(PolicyArn: string, context: ResourceContext): Promise<void> {
  const { Versions } = await context.call<ListPolicyVersionsCommandOutput>("iam", "ListPolicyVersions", { PolicyArn });
  for (const { VersionId, IsDefaultVersion } of Versions ?? []) {
    if (!IsDefaultVersion) await context.call("iam", "DeletePolicyVersion", { PolicyArn, VersionId });
  }
}

export const instanceProfile = resourceType({
  shape: { InstanceProfileName: "string", Path: "string", Roles: ["string"] },
  required: ["Roles"],
  replaces: ["InstanceProfileName", "Path"],
  nameProperty: "InstanceProfileName",
  async create({ InstanceProfileName: own, Path }, context) {
    const InstanceProfileName = own ?? context.name(128);
    const input = { InstanceProfileName, Path };
    type Output = CreateInstanceProfileCommandOutput;
    const made =
      (await context.create<Output>("iam", "CreateInstanceProfile", input, "EntityAlreadyExists")) ??
      (await context.call<Output>("iam", "GetInstanceProfile", { InstanceProfileName }));
    return { id: InstanceProfileName, attributes: { Arn: made.InstanceProfile?.Arn ?? "" } };
  },
  async complete(InstanceProfileName, { Roles }, context) {
    for (const RoleName of Roles) {
      // A profile holds one role, so a repetition finds it full.
      await context.create("iam", "AddRoleToInstanceProfile", { InstanceProfileName, RoleName }, "LimitExceeded");
    }
  },
  async update(InstanceProfileName, { Roles }, before, context) {
    for (const RoleName of before.Roles.filter((one) => !Roles.includes(one))) {
      await context.remove("iam", "RemoveRoleFromInstanceProfile", { InstanceProfileName, RoleName }, "NoSuchEntity");
    }
    for (const RoleName of Roles.filter((one) => !before.Roles.includes(one))) {
      await context.call("iam", "AddRoleToInstanceProfile", { InstanceProfileName, RoleName });
    }
    return undefined;
  },
  async remove(InstanceProfileName, { Roles }, context) {
    for (const RoleName of Roles) {
      await context.remove("iam", "RemoveRoleFromInstanceProfile", { InstanceProfileName, RoleName }, "NoSuchEntity");
    }
    await context.remove("iam", "DeleteInstanceProfile", { InstanceProfileName }, "NoSuchEntity");
  },
});
