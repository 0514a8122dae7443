import { createHash } from "node:crypto";
import type {
  AddPermissionCommandInput,
  GetPolicyCommandInput,
  RemovePermissionCommandInput,
} from "@aws-sdk/client-lambda";
import { AwsError } from "../core/aws-error.ts";
import type { Operation } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import { conflict, type FunctionCatalog, invalidParameter } from "./catalog.ts";
import { functionArn } from "./function-record.ts";
import { parseFunctionReference } from "./names.ts";

/** One statement of a function's policy, as AddPermission builds it. */
export interface PermissionStatement {
  Sid: string;
  Effect: "Allow";
  Principal: "*" | { Service: string } | { AWS: string };
  Action: string;
  Resource: string;
  Condition?: Record<string, Record<string, string>>;
}

export interface FunctionPolicyDocument {
  Version: "2012-10-17";
  Id: "default";
  Statement: PermissionStatement[];
}

interface PolicyRecord {
  arn: string;
  statements: PermissionStatement[];
}

/** A function's policy holds at most this much. Source: "Lambda quotas", function resource-based policy. */
const maxPolicyBytes = 20_480;

/** Resource-based policies of functions, versions and aliases. */
export class FunctionPolicies {
  readonly #catalog: FunctionCatalog;
  readonly #policies: Collection<PolicyRecord>;
  readonly operations: Readonly<Record<string, Operation>>;

  constructor(catalog: FunctionCatalog) {
    this.#catalog = catalog;
    this.#policies = catalog.kernel.store.collection("lambda.policies");
    this.operations = {
      AddPermission: {
        permissions: (input: AddPermissionCommandInput) => catalog.requirement("AddPermission", input),
        run: (input: AddPermissionCommandInput) => this.#add(input),
      },
      RemovePermission: {
        permissions: (input: RemovePermissionCommandInput) => catalog.requirement("RemovePermission", input),
        run: (input: RemovePermissionCommandInput) => this.#remove(input),
      },
      GetPolicy: {
        permissions: (input: GetPolicyCommandInput) => catalog.requirement("GetPolicy", input),
        run: (input: GetPolicyCommandInput) => this.#get(input),
      },
    };
  }

  /** The policy of exactly this function, version or alias ARN. */
  document(arn: string): FunctionPolicyDocument | undefined {
    const found = this.#policies.get(arn);
    return found && { Version: "2012-10-17", Id: "default", Statement: found.statements };
  }

  /** Drops every policy of a function that is deleted. */
  forget(name: string): void {
    const arn = functionArn(this.#catalog.kernel, name);
    for (const key of this.#policies.keys(arn)) {
      if (key === arn || key.startsWith(`${arn}:`)) this.#policies.delete(key);
    }
  }

  #add(input: AddPermissionCommandInput) {
    const arn = this.#target(input);
    const statements = this.#policies.get(arn)?.statements ?? [];
    const sid = input.StatementId ?? "";
    if (statements.some((statement) => statement.Sid === sid)) {
      throw conflict(
        `The statement id (${sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
      );
    }
    const statement = statementOf(input, arn);
    const record = { arn, statements: [...statements, statement] };
    if (JSON.stringify(record.statements).length > maxPolicyBytes) {
      const message = `The final policy size is bigger than the limit (${maxPolicyBytes}).`;
      throw new AwsError("PolicyLengthExceededException", message);
    }
    this.#policies.put(arn, record);
    return { Statement: JSON.stringify(statement) };
  }

  #remove(input: RemovePermissionCommandInput) {
    const arn = this.#target(input);
    const before = this.#policies.get(arn)?.statements ?? [];
    const statements = before.filter((statement) => statement.Sid !== input.StatementId);
    if (statements.length === before.length) {
      throw new AwsError(
        "ResourceNotFoundException",
        `Statement ${input.StatementId} is not found in resource policy.`,
        404,
      );
    }
    if (statements.length === 0) this.#policies.delete(arn);
    else this.#policies.put(arn, { arn, statements });
    return {};
  }

  #get(input: GetPolicyCommandInput) {
    const document = this.document(this.#target(input));
    if (!document) {
      throw new AwsError("ResourceNotFoundException", "The resource you requested does not exist.", 404);
    }
    const revision = createHash("sha256").update(JSON.stringify(document)).digest("hex");
    return {
      Policy: JSON.stringify(document),
      RevisionId: `${revision.slice(0, 8)}-${revision.slice(8, 12)}-${revision.slice(12, 16)}-${revision.slice(16, 20)}-${revision.slice(20, 32)}`,
    };
  }

  #target(input: { FunctionName?: string | undefined; Qualifier?: string | undefined }): string {
    const reference = parseFunctionReference(input.FunctionName, input.Qualifier);
    return this.#catalog.resolve(reference).arn;
  }
}

function statementOf(input: AddPermissionCommandInput, arn: string): PermissionStatement {
  if (!/^(lambda:[*]|lambda:[a-zA-Z]+|[*])$/.test(input.Action ?? "")) {
    throw invalidParameter(`'${input.Action}' is not an action of Lambda.`);
  }
  const unsupported = (["EventSourceToken", "PrincipalOrgID", "FunctionUrlAuthType"] as const).find(
    (name) => input[name] !== undefined,
  );
  if (unsupported) throw invalidParameter(`The embedded cloud has no permissions with ${unsupported}.`);
  const principal = input.Principal ?? "";
  const condition: Record<string, Record<string, string>> = {
    ...(input.SourceArn !== undefined && { ArnLike: { "AWS:SourceArn": input.SourceArn } }),
    ...(input.SourceAccount !== undefined && { StringEquals: { "AWS:SourceAccount": input.SourceAccount } }),
  };
  return {
    Sid: input.StatementId ?? "",
    Effect: "Allow",
    Principal: principalOf(principal),
    Action: input.Action ?? "",
    Resource: arn,
    ...(Object.keys(condition).length > 0 && { Condition: condition }),
  };
}

function principalOf(principal: string): PermissionStatement["Principal"] {
  if (principal === "*") return "*";
  if (/^[a-z0-9.-]+\.amazonaws\.com$/.test(principal)) return { Service: principal };
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` };
  if (principal.startsWith("arn:")) return { AWS: principal };
  throw invalidParameter(`The provided principal was invalid. Please check the principal and try again.`);
}
