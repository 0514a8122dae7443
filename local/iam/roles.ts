import type {
  CreateRoleCommandInput,
  DeleteRoleCommandInput,
  GetRoleCommandInput,
  ListRolesCommandInput,
  Role,
  UpdateAssumeRolePolicyCommandInput,
  UpdateRoleCommandInput,
} from "@aws-sdk/client-iam";
import { AwsError } from "../core/aws-error.ts";
import type { Operation } from "../core/kernel.ts";
import { checkBoundary } from "./attachable.ts";
import { type Directory, isTaken, type RoleRecord } from "./directory.ts";
import { deleteConflict, entityAlreadyExists, noSuchEntity, validationError } from "./errors.ts";
import { checkedPath, checkName, checkSize, encodedDocument, page, tagList, tagMap } from "./input-rules.ts";
import { onNamed, tagsOf, withContext } from "./permissions.ts";
import { parsePolicy } from "./policy-document.ts";

/** Characters of a trust policy. Source: IAM quotas (2,048 unless raised). */
const trustPolicyCharactersMax = 2_048;

/** @throws {AwsError} NoSuchEntity. */
export function roleNamed(directory: Directory, name: string | undefined): Readonly<RoleRecord> {
  const role = name === undefined ? undefined : directory.roles.get(name);
  if (!role) throw noSuchEntity(`The role with name ${name} cannot be found.`);
  return role;
}

/** A role as the API shows it; lists leave tags, description and boundary out on AWS too. */
export function roleView(role: Readonly<RoleRecord>, detailed: boolean): Role {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: new Date(role.createdMs),
    AssumeRolePolicyDocument: encodedDocument(role.trustPolicy),
    Description: role.description,
    MaxSessionDuration: role.maxSessionSeconds,
    ...(detailed
      ? {
          Tags: tagList(role.tags),
          PermissionsBoundary: role.boundaryArn
            ? {
                PermissionsBoundaryType: "PermissionsBoundaryPolicy" as const,
                PermissionsBoundaryArn: role.boundaryArn,
              }
            : undefined,
          RoleLastUsed: role.lastUsedMs ? { LastUsedDate: new Date(role.lastUsedMs) } : {},
        }
      : {}),
  };
}

/** Operations on roles themselves; their policies and tags are elsewhere. */
export function roleOperations(directory: Directory): Record<string, Operation> {
  const needs = (action: string) => (input: { RoleName: string }) => [
    { action: `iam:${action}`, ...onNamed(directory, "role", input.RoleName) },
  ];
  return {
    CreateRole: {
      permissions: (input: CreateRoleCommandInput) => [
        withContext(
          { action: "iam:CreateRole", resource: directory.arn("role", input.Path ?? "/", input.RoleName ?? "") },
          { ...tagsOf(input.Tags), "iam:PermissionsBoundary": input.PermissionsBoundary },
        ),
      ],
      run: (input: CreateRoleCommandInput) => ({ Role: roleView(createRole(directory, input), true) }),
    },
    GetRole: {
      permissions: needs("GetRole"),
      run: (input: GetRoleCommandInput) => ({ Role: roleView(roleNamed(directory, input.RoleName), true) }),
    },
    ListRoles: {
      run: (input: ListRolesCommandInput) => {
        const found = directory.roles.list().filter((role) => role.path.startsWith(input.PathPrefix ?? "/"));
        const { items, ...rest } = page(found, input);
        return { Roles: items.map((role) => roleView(role, false)), ...rest };
      },
    },
    UpdateRole: {
      permissions: needs("UpdateRole"),
      run: (input: UpdateRoleCommandInput) => {
        const role = roleNamed(directory, input.RoleName);
        directory.roles.put(role.name, {
          ...role,
          ...(input.Description === undefined ? {} : { description: input.Description }),
          maxSessionSeconds: checkedSession(input.MaxSessionDuration) ?? role.maxSessionSeconds,
        });
        return {};
      },
    },
    UpdateAssumeRolePolicy: {
      permissions: needs("UpdateAssumeRolePolicy"),
      run: (input: UpdateAssumeRolePolicyCommandInput) => {
        const role = roleNamed(directory, input.RoleName);
        refuseLinked(role);
        directory.roles.put(role.name, { ...role, trustPolicy: checkedTrust(directory, input.PolicyDocument ?? "") });
        return {};
      },
    },
    DeleteRole: {
      permissions: needs("DeleteRole"),
      run: (input: DeleteRoleCommandInput) => {
        deleteRole(directory, roleNamed(directory, input.RoleName));
        return {};
      },
    },
  };
}

function createRole(directory: Directory, input: CreateRoleCommandInput): RoleRecord {
  const { RoleName: name = "", AssumeRolePolicyDocument: trustPolicy = "" } = input;
  checkName("roleName", name, 64);
  const path = checkedPath(input.Path);
  if (isTaken(directory.roles, name)) throw entityAlreadyExists(`Role with name ${name} already exists.`);
  const role: RoleRecord = {
    name,
    path,
    id: directory.newId("AROA"),
    arn: directory.arn("role", path, name),
    createdMs: directory.kernel.clock.now(),
    tags: tagMap(input.Tags),
    inline: {},
    attached: [],
    trustPolicy: checkedTrust(directory, trustPolicy),
    maxSessionSeconds: checkedSession(input.MaxSessionDuration) ?? 3_600,
    ...(input.Description === undefined ? {} : { description: input.Description }),
    ...checkBoundary(directory, input.PermissionsBoundary),
  };
  directory.roles.put(name, role);
  return role;
}

/** Source: CreateRole, MaxSessionDuration: one hour to twelve. */
function checkedSession(seconds: number | undefined): number | undefined {
  if (seconds !== undefined && (seconds < 3_600 || seconds > 43_200)) {
    throw validationError(
      `1 validation error detected: Value '${seconds}' at 'maxSessionDuration' failed to satisfy constraint: Member must have value between 3600 and 43200`,
    );
  }
  return seconds;
}

function checkedTrust(directory: Directory, document: string): string {
  checkSize("ACLSizePerRole", [document], trustPolicyCharactersMax);
  for (const { principals } of parsePolicy(document, "trust").statements) {
    const entries = principals && principals.values !== "*" ? (principals.values["AWS"] ?? []) : [];
    for (const entry of entries) if (!exists(directory, entry)) throw invalidPrincipal(entry);
  }
  return document;
}

/** IAM refuses a trust policy that names a user or role that does not exist. Other accounts cannot be looked up. */
function exists(directory: Directory, entry: string): boolean {
  const { accountId } = directory.kernel.settings;
  const match = new RegExp(`^arn:aws:iam::${accountId}:(user|role)/(?:.*/)?([^/]+)$`).exec(entry);
  const name = match?.[2];
  if (name !== undefined) return (match?.[1] === "user" ? directory.users : directory.roles).get(name)?.arn === entry;
  return entry === "*" || /^\d{12}$/.test(entry) || /^arn:aws:(?:iam|sts)::\d{12}:.+$/.test(entry);
}

function invalidPrincipal(entry: string): AwsError {
  return new AwsError("MalformedPolicyDocument", `Invalid principal in policy: "AWS":"${entry}"`, 400);
}

/** Source: DeleteRole: policies, attachments and instance profiles must be gone first. */
function deleteRole(directory: Directory, role: Readonly<RoleRecord>): void {
  refuseLinked(role);
  if (directory.profiles.list().some(({ roleNames }) => roleNames.includes(role.name))) {
    throw deleteConflict("Cannot delete entity, must remove roles from instance profile first.");
  }
  if (role.attached.length > 0) throw deleteConflict("Cannot delete entity, must detach all policies first.");
  if (Object.keys(role.inline).length > 0) throw deleteConflict("Cannot delete entity, must delete policies first.");
  directory.roles.delete(role.name);
}

/** @throws {AwsError} UnmodifiableEntity: only its service changes a service-linked role. */
export function refuseLinked(role: Readonly<RoleRecord>): void {
  if (role.linkedService === undefined) return;
  throw new AwsError(
    "UnmodifiableEntity",
    `Cannot perform the operation on the protected role '${role.name}' - this role is only modifiable by AWS`,
    400,
  );
}
