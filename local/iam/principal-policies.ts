import type { Operation, Requirement } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import { checkAttachable, checkBoundary } from "./attachable.ts";
import type { Directory, PrincipalRecord, RoleRecord } from "./directory.ts";
import { limitExceeded, noSuchEntity } from "./errors.ts";
import { checkName, checkSize, encodedDocument, page } from "./input-rules.ts";
import { onNamed, withContext } from "./permissions.ts";
import { parsePolicy } from "./policy-document.ts";
import { refuseLinked, roleNamed } from "./roles.ts";
import { userNamed } from "./users.ts";

/** Managed policies on one user or role. Source: IAM quotas (10 unless raised). */
const attachedMax = 10;

/** How the operations of users and of roles differ. */
interface Side {
  word: "User" | "Role";
  kind: "user" | "role";
  /** Characters of all inline policies together. Source: IAM quotas. */
  inlineCharactersMax: number;
  find(name: string): Readonly<PrincipalRecord>;
  put(record: PrincipalRecord): void;
}

interface Input {
  UserName?: string;
  RoleName?: string;
  PolicyName?: string;
  PolicyDocument?: string;
  PolicyArn?: string;
  PermissionsBoundary?: string;
  PathPrefix?: string;
  Marker?: string;
  MaxItems?: number;
}

/** Inline policies, attached policies and boundaries: the same operations for users and for roles. */
export function principalPolicyOperations(directory: Directory): Record<string, Operation> {
  const users: Side = {
    word: "User",
    kind: "user",
    inlineCharactersMax: 2_048,
    find: (name) => userNamed(directory, name),
    put: (record) => put(directory.users, record),
  };
  const roles: Side = {
    word: "Role",
    kind: "role",
    inlineCharactersMax: 10_240,
    find: (name) => roleNamed(directory, name),
    put: (record) => put(directory.roles, record as RoleRecord),
  };
  return { ...operationsOf(directory, users), ...operationsOf(directory, roles) };
}

function put<T extends PrincipalRecord>(collection: Collection<T>, record: T): void {
  collection.put(record.name, record);
}

function operationsOf(directory: Directory, side: Side): Record<string, Operation> {
  return {
    ...inlineOperations(directory, side),
    ...attachOperations(directory, side),
    ...boundaryOperations(directory, side),
  };
}

function nameIn(side: Side, input: Input): string {
  return (side.kind === "user" ? input.UserName : input.RoleName) ?? "";
}

function needs(directory: Directory, side: Side, action: string) {
  return (input: Input): Requirement[] => [
    withContext(
      { action: `iam:${action}`, ...onNamed(directory, side.kind, nameIn(side, input)) },
      { "iam:PolicyARN": input.PolicyArn, "iam:PermissionsBoundary": input.PermissionsBoundary },
    ),
  ];
}

/** The record for a change: a service-linked role refuses any. */
function changeable(side: Side, input: Input): Readonly<PrincipalRecord> {
  const record = side.find(nameIn(side, input));
  if (side.kind === "role") refuseLinked(record as RoleRecord);
  return record;
}

function inlineOperations(directory: Directory, side: Side): Record<string, Operation> {
  const nameMember = `${side.word}Name`;
  const documentOf = (record: Readonly<PrincipalRecord>, name = ""): string => {
    const document = record.inline[name];
    if (document === undefined) throw noSuchEntity(`The ${side.kind} policy with name ${name} cannot be found.`);
    return document;
  };
  return {
    [`Put${side.word}Policy`]: {
      permissions: needs(directory, side, `Put${side.word}Policy`),
      run: (input: Input) => {
        const record = changeable(side, input);
        checkName("policyName", input.PolicyName ?? "", 128);
        parsePolicy(input.PolicyDocument ?? "", "identity");
        const inline = { ...record.inline, [input.PolicyName ?? ""]: input.PolicyDocument ?? "" };
        checkSize("Maximum policy size", Object.values(inline), side.inlineCharactersMax);
        side.put({ ...record, inline });
        return {};
      },
    },
    [`Get${side.word}Policy`]: {
      permissions: needs(directory, side, `Get${side.word}Policy`),
      run: (input: Input) => {
        const record = side.find(nameIn(side, input));
        const PolicyDocument = encodedDocument(documentOf(record, input.PolicyName));
        return { [nameMember]: record.name, PolicyName: input.PolicyName, PolicyDocument };
      },
    },
    [`Delete${side.word}Policy`]: {
      permissions: needs(directory, side, `Delete${side.word}Policy`),
      run: (input: Input) => {
        const record = changeable(side, input);
        documentOf(record, input.PolicyName);
        const { [input.PolicyName ?? ""]: _deleted, ...inline } = record.inline;
        side.put({ ...record, inline });
        return {};
      },
    },
    [`List${side.word}Policies`]: {
      permissions: needs(directory, side, `List${side.word}Policies`),
      run: (input: Input) => {
        const { items, ...rest } = page(Object.keys(side.find(nameIn(side, input)).inline).sort(), input);
        return { PolicyNames: items, ...rest };
      },
    },
  };
}

function attachOperations(directory: Directory, side: Side): Record<string, Operation> {
  return {
    [`Attach${side.word}Policy`]: {
      permissions: needs(directory, side, `Attach${side.word}Policy`),
      run: (input: Input) => {
        const record = changeable(side, input);
        const arn = input.PolicyArn ?? "";
        checkAttachable(directory, arn);
        if (record.attached.includes(arn)) return {};
        if (record.attached.length >= attachedMax) {
          throw limitExceeded(`Cannot exceed quota for PoliciesPer${side.word}: ${attachedMax}`);
        }
        side.put({ ...record, attached: [...record.attached, arn] });
        return {};
      },
    },
    [`Detach${side.word}Policy`]: {
      permissions: needs(directory, side, `Detach${side.word}Policy`),
      run: (input: Input) => {
        const record = changeable(side, input);
        if (!record.attached.includes(input.PolicyArn ?? "")) {
          throw noSuchEntity(`Policy ${input.PolicyArn} was not found.`);
        }
        side.put({ ...record, attached: record.attached.filter((arn) => arn !== input.PolicyArn) });
        return {};
      },
    },
    [`ListAttached${side.word}Policies`]: {
      permissions: needs(directory, side, `ListAttached${side.word}Policies`),
      run: (input: Input) => {
        const { items, ...rest } = page(side.find(nameIn(side, input)).attached, input);
        const AttachedPolicies = items.map((PolicyArn) => ({ PolicyName: PolicyArn.split("/").at(-1), PolicyArn }));
        return { AttachedPolicies, ...rest };
      },
    },
  };
}

function boundaryOperations(directory: Directory, side: Side): Record<string, Operation> {
  return {
    [`Put${side.word}PermissionsBoundary`]: {
      permissions: needs(directory, side, `Put${side.word}PermissionsBoundary`),
      run: (input: Input) => {
        side.put({ ...changeable(side, input), ...checkBoundary(directory, input.PermissionsBoundary) });
        return {};
      },
    },
    [`Delete${side.word}PermissionsBoundary`]: {
      permissions: needs(directory, side, `Delete${side.word}PermissionsBoundary`),
      run: (input: Input) => {
        const { boundaryArn, ...rest } = changeable(side, input);
        if (boundaryArn === undefined)
          throw noSuchEntity(`${side.word} ${rest.name} does not have a permissions boundary`);
        side.put(rest);
        return {};
      },
    },
  };
}
