import type {
  AddRoleToInstanceProfileCommandInput,
  CreateInstanceProfileCommandInput,
  InstanceProfile,
  ListInstanceProfilesCommandInput,
} from "@aws-sdk/client-iam";
import type { Operation } from "../core/kernel.ts";
import { type Directory, type InstanceProfileRecord, isTaken } from "./directory.ts";
import { deleteConflict, entityAlreadyExists, limitExceeded, noSuchEntity } from "./errors.ts";
import { checkedPath, checkName, page, tagList, tagMap } from "./input-rules.ts";
import { onNamed, tagsOf, withContext } from "./permissions.ts";
import { roleNamed, roleView } from "./roles.ts";

/** @throws {AwsError} NoSuchEntity. */
export function profileNamed(directory: Directory, name: string | undefined): Readonly<InstanceProfileRecord> {
  const profile = name === undefined ? undefined : directory.profiles.get(name);
  if (!profile) throw noSuchEntity(`Instance Profile ${name} cannot be found.`);
  return profile;
}

function profileView(directory: Directory, profile: Readonly<InstanceProfileRecord>): InstanceProfile {
  return {
    Path: profile.path,
    InstanceProfileName: profile.name,
    InstanceProfileId: profile.id,
    Arn: profile.arn,
    CreateDate: new Date(profile.createdMs),
    Roles: profile.roleNames.map((name) => roleView(roleNamed(directory, name), false)),
    Tags: tagList(profile.tags),
  };
}

export function instanceProfileOperations(directory: Directory): Record<string, Operation> {
  const needs = (action: string) => (input: { InstanceProfileName: string }) => [
    { action: `iam:${action}`, ...onNamed(directory, "instance-profile", input.InstanceProfileName) },
  ];
  return {
    CreateInstanceProfile: {
      permissions: (input: CreateInstanceProfileCommandInput) => [
        withContext(
          {
            action: "iam:CreateInstanceProfile",
            resource: directory.arn("instance-profile", input.Path ?? "/", input.InstanceProfileName ?? ""),
          },
          tagsOf(input.Tags),
        ),
      ],
      run: (input: CreateInstanceProfileCommandInput) => ({
        InstanceProfile: profileView(directory, createProfile(directory, input)),
      }),
    },
    GetInstanceProfile: {
      permissions: needs("GetInstanceProfile"),
      run: (input: { InstanceProfileName: string }) => ({
        InstanceProfile: profileView(directory, profileNamed(directory, input.InstanceProfileName)),
      }),
    },
    ListInstanceProfiles: {
      run: (input: ListInstanceProfilesCommandInput) => {
        const found = directory.profiles.list().filter((profile) => profile.path.startsWith(input.PathPrefix ?? "/"));
        const { items, ...rest } = page(found, input);
        return { InstanceProfiles: items.map((profile) => profileView(directory, profile)), ...rest };
      },
    },
    ListInstanceProfilesForRole: {
      permissions: (input: { RoleName: string }) => [
        { action: "iam:ListInstanceProfilesForRole", ...onNamed(directory, "role", input.RoleName) },
      ],
      run: (input: { RoleName: string; Marker?: string; MaxItems?: number }) => {
        const { name } = roleNamed(directory, input.RoleName);
        const found = directory.profiles.list().filter(({ roleNames }) => roleNames.includes(name));
        const { items, ...rest } = page(found, input);
        return { InstanceProfiles: items.map((profile) => profileView(directory, profile)), ...rest };
      },
    },
    DeleteInstanceProfile: {
      permissions: needs("DeleteInstanceProfile"),
      run: (input: { InstanceProfileName: string }) => {
        const profile = profileNamed(directory, input.InstanceProfileName);
        if (profile.roleNames.length > 0) {
          throw deleteConflict("Cannot delete entity, must remove roles from instance profile first.");
        }
        directory.profiles.delete(profile.name);
        return {};
      },
    },
    ...membershipOperations(directory),
  };
}

function membershipOperations(directory: Directory): Record<string, Operation> {
  return {
    AddRoleToInstanceProfile: {
      // The service authorization reference lists iam:PassRole as a dependent action: the role is handed to EC2.
      permissions: (input: AddRoleToInstanceProfileCommandInput) => [
        {
          action: "iam:AddRoleToInstanceProfile",
          ...onNamed(directory, "instance-profile", input.InstanceProfileName ?? ""),
        },
        withContext(
          { action: "iam:PassRole", ...onNamed(directory, "role", input.RoleName ?? "") },
          { "iam:PassedToService": "ec2.amazonaws.com" },
        ),
      ],
      run: (input: AddRoleToInstanceProfileCommandInput) => {
        const profile = profileNamed(directory, input.InstanceProfileName);
        const role = roleNamed(directory, input.RoleName);
        // Source: IAM quotas: one role in an instance profile, which cannot be raised.
        if (profile.roleNames.length > 0)
          throw limitExceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
        directory.profiles.put(profile.name, { ...profile, roleNames: [role.name] });
        return {};
      },
    },
    RemoveRoleFromInstanceProfile: {
      permissions: (input: AddRoleToInstanceProfileCommandInput) => [
        {
          action: "iam:RemoveRoleFromInstanceProfile",
          ...onNamed(directory, "instance-profile", input.InstanceProfileName ?? ""),
        },
      ],
      run: (input: AddRoleToInstanceProfileCommandInput) => {
        const profile = profileNamed(directory, input.InstanceProfileName);
        if (!profile.roleNames.includes(input.RoleName ?? "")) {
          throw noSuchEntity(`Role ${input.RoleName} in InstanceProfile ${profile.name} cannot be found.`);
        }
        directory.profiles.put(profile.name, { ...profile, roleNames: [] });
        return {};
      },
    },
  };
}

function createProfile(directory: Directory, input: CreateInstanceProfileCommandInput): InstanceProfileRecord {
  const { InstanceProfileName: name = "" } = input;
  checkName("instanceProfileName", name, 128);
  const path = checkedPath(input.Path);
  if (isTaken(directory.profiles, name)) throw entityAlreadyExists(`Instance Profile ${name} already exists.`);
  const profile: InstanceProfileRecord = {
    name,
    path,
    id: directory.newId("AIPA"),
    arn: directory.arn("instance-profile", path, name),
    createdMs: directory.kernel.clock.now(),
    tags: tagMap(input.Tags),
    roleNames: [],
  };
  directory.profiles.put(name, profile);
  return profile;
}
