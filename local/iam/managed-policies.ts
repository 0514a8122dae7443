import type {
  CreatePolicyCommandInput,
  CreatePolicyVersionCommandInput,
  DeletePolicyCommandInput,
  GetPolicyCommandInput,
  GetPolicyVersionCommandInput,
  ListEntitiesForPolicyCommandInput,
  ListPoliciesCommandInput,
  Policy,
  PolicyVersion,
} from "@aws-sdk/client-iam";
import type { Operation, Requirement } from "../core/kernel.ts";
import { resourceTagConditions } from "../core/tag-conditions.ts";
import { awsManagedPolicies, awsManagedPolicy } from "./aws-managed-policies.ts";
import { type Directory, isTaken, type PolicyRecord, type PolicyVersionRecord } from "./directory.ts";
import { deleteConflict, entityAlreadyExists, limitExceeded, noSuchEntity } from "./errors.ts";
import { checkedPath, checkName, checkSize, encodedDocument, page, tagList, tagMap } from "./input-rules.ts";
import { tagsOf, withContext } from "./permissions.ts";
import { parsePolicy } from "./policy-document.ts";

/** Source: IAM quotas. */
const documentCharactersMax = 6_144;
const versionsMax = 5;

/** What a read sees: the customer's policies, and AWS's as if they were records with one version. */
function policyAt(directory: Directory, arn: string | undefined): Readonly<PolicyRecord> {
  const own = directory.policies.get(arn ?? "");
  if (own) return own;
  const aws = awsManagedPolicy(arn ?? "");
  if (!aws) throw noSuchEntity(`Policy ${arn} was not found.`);
  return awsRecord(aws);
}

function awsRecord({ arn, name, path, document }: ReturnType<typeof awsManagedPolicies>[number]): PolicyRecord {
  const versions = [{ id: "v1", document, createdMs: 0 }];
  const id = `ANPA${name
    .toUpperCase()
    .replace(/[^A-Z]/g, "")
    .padEnd(17, "A")
    .slice(0, 17)}`;
  return {
    arn,
    name,
    path,
    id,
    createdMs: 0,
    updatedMs: 0,
    tags: {},
    versions,
    defaultVersionId: "v1",
    lastVersion: 1,
  };
}

/** @throws {AwsError} NoSuchEntity for a policy that is not the customer's: AWS's cannot be changed. */
function ownPolicy(directory: Directory, arn: string | undefined): Readonly<PolicyRecord> {
  const policy = directory.policies.get(arn ?? "");
  if (!policy) throw noSuchEntity(`Policy ${arn} was not found.`);
  return policy;
}

function versionIn(policy: Readonly<PolicyRecord>, id: string | undefined): PolicyVersionRecord {
  const version = policy.versions.find((candidate) => candidate.id === id);
  if (!version) throw noSuchEntity(`Policy ${policy.arn} version ${id} does not exist or is not attachable.`);
  return version;
}

function policyView(directory: Directory, policy: Readonly<PolicyRecord>): Policy {
  const { users, roles, boundaryOf } = directory.attachments(policy.arn);
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersionId,
    AttachmentCount: users.length + roles.length,
    PermissionsBoundaryUsageCount: boundaryOf.length,
    IsAttachable: true,
    Description: policy.description,
    CreateDate: new Date(policy.createdMs),
    UpdateDate: new Date(policy.updatedMs),
    Tags: tagList(policy.tags),
  };
}

function versionView(
  policy: Readonly<PolicyRecord>,
  version: PolicyVersionRecord,
  withDocument: boolean,
): PolicyVersion {
  return {
    VersionId: version.id,
    IsDefaultVersion: version.id === policy.defaultVersionId,
    CreateDate: new Date(version.createdMs),
    Document: withDocument ? encodedDocument(version.document) : undefined,
  };
}

/** Operations on managed policies and their versions. */
export function managedPolicyOperations(directory: Directory): Record<string, Operation> {
  const needs =
    (action: string) =>
    (input: { PolicyArn: string }): Requirement[] => [
      {
        action: `iam:${action}`,
        resource: input.PolicyArn,
        context: resourceTagConditions(directory.policies.get(input.PolicyArn)?.tags),
      },
    ];
  return {
    CreatePolicy: {
      permissions: (input: CreatePolicyCommandInput) => [
        withContext(
          { action: "iam:CreatePolicy", resource: directory.arn("policy", input.Path ?? "/", input.PolicyName ?? "") },
          tagsOf(input.Tags),
        ),
      ],
      run: (input: CreatePolicyCommandInput) => ({ Policy: policyView(directory, createPolicy(directory, input)) }),
    },
    GetPolicy: {
      permissions: needs("GetPolicy"),
      run: (input: GetPolicyCommandInput) => ({ Policy: policyView(directory, policyAt(directory, input.PolicyArn)) }),
    },
    ListPolicies: { run: (input: ListPoliciesCommandInput) => listPolicies(directory, input) },
    DeletePolicy: {
      permissions: needs("DeletePolicy"),
      run: (input: DeletePolicyCommandInput) => {
        deletePolicy(directory, ownPolicy(directory, input.PolicyArn));
        return {};
      },
    },
    ListEntitiesForPolicy: {
      permissions: needs("ListEntitiesForPolicy"),
      run: (input: ListEntitiesForPolicyCommandInput) => {
        const { users, roles } = directory.attachments(policyAt(directory, input.PolicyArn).arn);
        return {
          PolicyGroups: [],
          PolicyUsers: users.map(({ name, id }) => ({ UserName: name, UserId: id })),
          PolicyRoles: roles.map(({ name, id }) => ({ RoleName: name, RoleId: id })),
          IsTruncated: false,
        };
      },
    },
    ...versionOperations(directory, needs),
  };
}

function versionOperations(
  directory: Directory,
  needs: (action: string) => Operation["permissions"],
): Record<string, Operation> {
  return {
    CreatePolicyVersion: {
      permissions: needs("CreatePolicyVersion"),
      run: (input: CreatePolicyVersionCommandInput) => {
        const policy = ownPolicy(directory, input.PolicyArn);
        const changed = withNewVersion(directory, policy, input.PolicyDocument ?? "", input.SetAsDefault ?? false);
        directory.policies.put(policy.arn, changed);
        return { PolicyVersion: versionView(changed, versionIn(changed, `v${changed.lastVersion}`), false) };
      },
    },
    GetPolicyVersion: {
      permissions: needs("GetPolicyVersion"),
      run: (input: GetPolicyVersionCommandInput) => {
        const policy = policyAt(directory, input.PolicyArn);
        return { PolicyVersion: versionView(policy, versionIn(policy, input.VersionId), true) };
      },
    },
    ListPolicyVersions: {
      permissions: needs("ListPolicyVersions"),
      run: (input: { PolicyArn: string; Marker?: string; MaxItems?: number }) => {
        const policy = policyAt(directory, input.PolicyArn);
        const { items, ...rest } = page(policy.versions.toReversed(), input);
        return { Versions: items.map((version) => versionView(policy, version, false)), ...rest };
      },
    },
    SetDefaultPolicyVersion: {
      permissions: needs("SetDefaultPolicyVersion"),
      run: (input: { PolicyArn: string; VersionId: string }) => {
        const policy = ownPolicy(directory, input.PolicyArn);
        const { id } = versionIn(policy, input.VersionId);
        directory.policies.put(policy.arn, {
          ...policy,
          defaultVersionId: id,
          updatedMs: directory.kernel.clock.now(),
        });
        return {};
      },
    },
    DeletePolicyVersion: {
      permissions: needs("DeletePolicyVersion"),
      run: (input: { PolicyArn: string; VersionId: string }) => {
        const policy = ownPolicy(directory, input.PolicyArn);
        const { id } = versionIn(policy, input.VersionId);
        if (id === policy.defaultVersionId) throw deleteConflict("Cannot delete the default version of a policy.");
        directory.policies.put(policy.arn, {
          ...policy,
          versions: policy.versions.filter((version) => version.id !== id),
        });
        return {};
      },
    },
  };
}

function createPolicy(directory: Directory, input: CreatePolicyCommandInput): PolicyRecord {
  const { PolicyName: name = "", PolicyDocument: document = "" } = input;
  checkName("policyName", name, 128);
  const path = checkedPath(input.Path);
  const arn = directory.arn("policy", path, name);
  if (isTaken(directory.policies, name)) {
    throw entityAlreadyExists(`A policy called ${name} already exists. Duplicate names are not allowed.`);
  }
  const now = directory.kernel.clock.now();
  const empty: PolicyRecord = {
    name,
    path,
    arn,
    id: directory.newId("ANPA"),
    createdMs: now,
    updatedMs: now,
    tags: tagMap(input.Tags),
    versions: [],
    defaultVersionId: "v1",
    lastVersion: 0,
    ...(input.Description === undefined ? {} : { description: input.Description }),
  };
  const policy = withNewVersion(directory, empty, document, true);
  directory.policies.put(arn, policy);
  return policy;
}

function withNewVersion(
  directory: Directory,
  policy: Readonly<PolicyRecord>,
  document: string,
  setAsDefault: boolean,
): PolicyRecord {
  parsePolicy(document, "identity");
  checkSize("PolicySize", [document], documentCharactersMax);
  if (policy.versions.length >= versionsMax) {
    throw limitExceeded(
      "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
    );
  }
  const now = directory.kernel.clock.now();
  const version = { id: `v${policy.lastVersion + 1}`, document, createdMs: now };
  return {
    ...policy,
    versions: [...policy.versions, version],
    lastVersion: policy.lastVersion + 1,
    updatedMs: now,
    defaultVersionId: setAsDefault ? version.id : policy.defaultVersionId,
  };
}

function listPolicies(directory: Directory, input: ListPoliciesCommandInput): object {
  const own = input.Scope === "AWS" ? [] : directory.policies.list();
  const aws = input.Scope === "Local" ? [] : awsManagedPolicies().map(awsRecord);
  const isAttached = ({ arn }: Readonly<PolicyRecord>) => {
    const { users, roles } = directory.attachments(arn);
    return users.length + roles.length > 0;
  };
  const found = [...own, ...aws]
    .filter(({ path }) => path.startsWith(input.PathPrefix ?? "/"))
    .filter((policy) => !input.OnlyAttached || isAttached(policy));
  const { items, ...rest } = page(found, input);
  return { Policies: items.map((policy) => ({ ...policyView(directory, policy), Tags: undefined })), ...rest };
}

function deletePolicy(directory: Directory, policy: Readonly<PolicyRecord>): void {
  const { users, roles, boundaryOf } = directory.attachments(policy.arn);
  if (users.length + roles.length + boundaryOf.length > 0) {
    throw deleteConflict("Cannot delete a policy attached to entities.");
  }
  if (policy.versions.length > 1) {
    throw deleteConflict(
      "This policy has more than one version. Before you delete a policy, you must delete the policy's versions.",
    );
  }
  directory.policies.delete(policy.arn);
}
