import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import { awsManagedPolicy } from "./aws-managed-policies.ts";

/** What users and roles have in common. */
export interface PrincipalRecord {
  name: string;
  path: string;
  id: string;
  arn: string;
  createdMs: number;
  tags: Readonly<Record<string, string>>;
  /** Inline policies: document by name. */
  inline: Readonly<Record<string, string>>;
  /** ARNs of attached managed policies. */
  attached: readonly string[];
  boundaryArn?: string;
}

export type UserRecord = PrincipalRecord;

export interface RoleRecord extends PrincipalRecord {
  trustPolicy: string;
  description?: string;
  maxSessionSeconds: number;
  /** Host of the service a service-linked role belongs to. */
  linkedService?: string;
  lastUsedMs?: number;
}

export interface PolicyVersionRecord {
  id: string;
  document: string;
  createdMs: number;
}

export interface PolicyRecord {
  name: string;
  path: string;
  id: string;
  arn: string;
  description?: string;
  createdMs: number;
  updatedMs: number;
  tags: Readonly<Record<string, string>>;
  versions: readonly PolicyVersionRecord[];
  defaultVersionId: string;
  /** Highest version number ever used; numbers are not used again. */
  lastVersion: number;
}

export interface InstanceProfileRecord {
  name: string;
  path: string;
  id: string;
  arn: string;
  createdMs: number;
  tags: Readonly<Record<string, string>>;
  roleNames: readonly string[];
}

export interface AccessKeyRecord {
  accessKeyId: string;
  secret: string;
  userName: string;
  status: "Active" | "Inactive";
  createdMs: number;
}

/** Everything IAM remembers, and how its things are named. */
export class Directory {
  readonly kernel: Kernel;
  readonly users: Collection<UserRecord>;
  readonly roles: Collection<RoleRecord>;
  /** Customer managed policies by ARN. */
  readonly policies: Collection<PolicyRecord>;
  readonly profiles: Collection<InstanceProfileRecord>;
  readonly accessKeys: Collection<AccessKeyRecord>;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.users = kernel.store.collection("iam.users");
    this.roles = kernel.store.collection("iam.roles");
    this.policies = kernel.store.collection("iam.policies");
    this.profiles = kernel.store.collection("iam.profiles");
    this.accessKeys = kernel.store.collection("iam.accessKeys");
  }

  /** IAM is global: its ARNs have no region. `path` begins and ends with a slash. */
  arn(kind: "user" | "role" | "policy" | "instance-profile", path: string, name: string): string {
    return `arn:aws:iam::${this.kernel.settings.accountId}:${kind}${path}${name}`;
  }

  /** A unique id, as in `AROA…`. Prefixes: IAM User Guide, "Unique identifiers". */
  newId(prefix: "AIDA" | "AROA" | "AIPA" | "ANPA"): string {
    return prefix + this.kernel.random.code(17);
  }

  /** The document of a managed policy, the customer's or AWS's; undefined when there is none. */
  managedDocument(policyArn: string): string | undefined {
    const own = this.policies.get(policyArn);
    if (!own) return awsManagedPolicy(policyArn)?.document;
    return own.versions.find(({ id }) => id === own.defaultVersionId)?.document;
  }

  /** The documents of a user's or role's own policies, inline and attached. */
  documentsOf(principal: Pick<PrincipalRecord, "inline" | "attached">): string[] {
    return [
      ...Object.values(principal.inline),
      ...principal.attached.flatMap((policyArn) => this.managedDocument(policyArn) ?? []),
    ];
  }

  /** Names of the users and roles a managed policy is attached to, as policy or as boundary. */
  attachments(policyArn: string) {
    const has = ({ attached }: Readonly<PrincipalRecord>) => attached.includes(policyArn);
    const isBound = ({ boundaryArn }: Readonly<PrincipalRecord>) => boundaryArn === policyArn;
    const [users, roles] = [this.users.list(), this.roles.list()];
    return {
      users: users.filter(has),
      roles: roles.filter(has),
      boundaryOf: [...users.filter(isBound), ...roles.filter(isBound)],
    };
  }
}

/** Whether a name is in use: IAM keeps the case of names but does not tell them apart by it. */
export function isTaken(collection: Collection<{ name: string }>, name: string): boolean {
  const wanted = name.toLowerCase();
  return collection.list().some((record) => record.name.toLowerCase() === wanted);
}
