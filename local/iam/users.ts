import type {
  AccessKeyMetadata,
  CreateAccessKeyCommandInput,
  CreateUserCommandInput,
  DeleteAccessKeyCommandInput,
  DeleteUserCommandInput,
  GetUserCommandInput,
  ListAccessKeysCommandInput,
  ListUsersCommandInput,
  UpdateAccessKeyCommandInput,
  User,
} from "@aws-sdk/client-iam";
import type { Call, Operation } from "../core/kernel.ts";
import { checkBoundary } from "./attachable.ts";
import { type AccessKeyRecord, type Directory, isTaken, type UserRecord } from "./directory.ts";
import { deleteConflict, entityAlreadyExists, limitExceeded, noSuchEntity, validationError } from "./errors.ts";
import { checkedPath, checkName, page, tagList, tagMap } from "./input-rules.ts";
import { onNamed, tagsOf, withContext } from "./permissions.ts";

/** Source: IAM quotas. */
const accessKeysMax = 2;

/** @throws {AwsError} NoSuchEntity. */
export function userNamed(directory: Directory, name: string | undefined): Readonly<UserRecord> {
  const user = name === undefined ? undefined : directory.users.get(name);
  if (!user) throw noSuchEntity(`The user with name ${name} cannot be found.`);
  return user;
}

function userView(user: Readonly<UserRecord>, detailed: boolean): User {
  return {
    Path: user.path,
    UserName: user.name,
    UserId: user.id,
    Arn: user.arn,
    CreateDate: new Date(user.createdMs),
    ...(detailed
      ? {
          Tags: tagList(user.tags),
          PermissionsBoundary: user.boundaryArn
            ? {
                PermissionsBoundaryType: "PermissionsBoundaryPolicy" as const,
                PermissionsBoundaryArn: user.boundaryArn,
              }
            : undefined,
        }
      : {}),
  };
}

/** Without a name, several operations mean the user who calls. @throws {AwsError} ValidationError for any other caller. */
function nameOrCaller(name: string | undefined, caller: Call["caller"]): string {
  if (name !== undefined) return name;
  if (caller.kind === "user") return caller.name;
  throw validationError("Must specify userName when calling with non-User credentials");
}

export function userOperations(directory: Directory): Record<string, Operation> {
  const needs = (action: string) => (input: { UserName?: string }, call: Pick<Call, "caller">) => [
    { action: `iam:${action}`, ...onNamed(directory, "user", nameOrCaller(input.UserName, call.caller)) },
  ];
  return {
    CreateUser: {
      permissions: (input: CreateUserCommandInput) => [
        withContext(
          { action: "iam:CreateUser", resource: directory.arn("user", input.Path ?? "/", input.UserName ?? "") },
          { ...tagsOf(input.Tags), "iam:PermissionsBoundary": input.PermissionsBoundary },
        ),
      ],
      run: (input: CreateUserCommandInput) => ({ User: userView(createUser(directory, input), true) }),
    },
    GetUser: {
      permissions: needs("GetUser"),
      run: (input: GetUserCommandInput, call) => ({
        User: userView(userNamed(directory, nameOrCaller(input.UserName, call.caller)), true),
      }),
    },
    ListUsers: {
      run: (input: ListUsersCommandInput) => {
        const found = directory.users.list().filter((user) => user.path.startsWith(input.PathPrefix ?? "/"));
        const { items, ...rest } = page(found, input);
        return { Users: items.map((user) => userView(user, false)), ...rest };
      },
    },
    DeleteUser: {
      permissions: needs("DeleteUser"),
      run: (input: DeleteUserCommandInput) => {
        deleteUser(directory, userNamed(directory, input.UserName));
        return {};
      },
    },
    ...accessKeyOperations(directory, needs),
  };
}

function accessKeyOperations(
  directory: Directory,
  needs: (action: string) => Operation["permissions"],
): Record<string, Operation> {
  return {
    CreateAccessKey: {
      permissions: needs("CreateAccessKey"),
      run: (input: CreateAccessKeyCommandInput, call) => {
        const { secret, ...key } = createAccessKey(directory, nameOrCaller(input.UserName, call.caller));
        return { AccessKey: { ...keyView(key), SecretAccessKey: secret } };
      },
    },
    ListAccessKeys: {
      permissions: needs("ListAccessKeys"),
      run: (input: ListAccessKeysCommandInput, call) => {
        const user = userNamed(directory, nameOrCaller(input.UserName, call.caller));
        const { items, ...rest } = page(keysOf(directory, user.name), input);
        return { AccessKeyMetadata: items.map(keyView), ...rest };
      },
    },
    UpdateAccessKey: {
      permissions: needs("UpdateAccessKey"),
      run: (input: UpdateAccessKeyCommandInput, call) => {
        const key = keyNamed(directory, nameOrCaller(input.UserName, call.caller), input.AccessKeyId);
        if (input.Status !== "Active" && input.Status !== "Inactive")
          throw validationError(`Invalid status ${input.Status}`);
        directory.accessKeys.put(key.accessKeyId, { ...key, status: input.Status });
        return {};
      },
    },
    DeleteAccessKey: {
      permissions: needs("DeleteAccessKey"),
      run: (input: DeleteAccessKeyCommandInput, call) => {
        const key = keyNamed(directory, nameOrCaller(input.UserName, call.caller), input.AccessKeyId);
        directory.accessKeys.delete(key.accessKeyId);
        return {};
      },
    },
  };
}

function createUser(directory: Directory, input: CreateUserCommandInput): UserRecord {
  const { UserName: name = "" } = input;
  checkName("userName", name, 64);
  const path = checkedPath(input.Path);
  if (isTaken(directory.users, name)) throw entityAlreadyExists(`User with name ${name} already exists.`);
  const user: UserRecord = {
    name,
    path,
    id: directory.newId("AIDA"),
    arn: directory.arn("user", path, name),
    createdMs: directory.kernel.clock.now(),
    tags: tagMap(input.Tags),
    inline: {},
    attached: [],
    ...checkBoundary(directory, input.PermissionsBoundary),
  };
  directory.users.put(name, user);
  return user;
}

function deleteUser(directory: Directory, user: Readonly<UserRecord>): void {
  if (keysOf(directory, user.name).length > 0)
    throw deleteConflict("Cannot delete entity, must delete access keys first.");
  if (user.attached.length > 0) throw deleteConflict("Cannot delete entity, must detach all policies first.");
  if (Object.keys(user.inline).length > 0) throw deleteConflict("Cannot delete entity, must delete policies first.");
  directory.users.delete(user.name);
}

function createAccessKey(directory: Directory, userName: string): AccessKeyRecord {
  userNamed(directory, userName);
  if (keysOf(directory, userName).length >= accessKeysMax) {
    throw limitExceeded(`Cannot exceed quota for AccessKeysPerUser: ${accessKeysMax}`);
  }
  const { random, clock } = directory.kernel;
  const key: AccessKeyRecord = {
    accessKeyId: `AKIA${random.code(16)}`,
    secret: random.hex(40),
    userName,
    status: "Active",
    createdMs: clock.now(),
  };
  directory.accessKeys.put(key.accessKeyId, key);
  return key;
}

function keysOf(directory: Directory, userName: string): Readonly<AccessKeyRecord>[] {
  return directory.accessKeys.list().filter((key) => key.userName === userName);
}

function keyNamed(directory: Directory, userName: string, accessKeyId: string | undefined): Readonly<AccessKeyRecord> {
  const key = keysOf(directory, userName).find((candidate) => candidate.accessKeyId === accessKeyId);
  if (!key) throw noSuchEntity(`The Access Key with id ${accessKeyId} cannot be found.`);
  return key;
}

function keyView(key: Omit<AccessKeyRecord, "secret">): AccessKeyMetadata {
  return {
    UserName: key.userName,
    AccessKeyId: key.accessKeyId,
    Status: key.status,
    CreateDate: new Date(key.createdMs),
  };
}
