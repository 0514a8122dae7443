import type {
  DeleteResourcePolicyCommandInput,
  PutResourcePolicyCommandInput,
  ResourcePolicy,
} from "@aws-sdk/client-cloudwatch-logs";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Operation } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import { invalidParameter, notFound } from "./errors.ts";

interface PolicyRecord {
  name: string;
  document: string;
  updatedAtMs: number;
}

/** Source: "CloudWatch Logs quotas", resource policies. */
const maxPolicies = 10;
const maxPolicyCharacters = 5120;

/** Policies by which an account lets services such as EventBridge write to its log groups. */
export class LogsResourcePolicies {
  readonly #policies: Collection<PolicyRecord>;
  readonly operations: Readonly<Record<string, Operation>>;

  constructor(kernel: Kernel) {
    this.#policies = kernel.store.collection("logs.resource-policies");
    this.operations = {
      PutResourcePolicy: { run: (input: PutResourcePolicyCommandInput) => this.#put(kernel, input) },
      DescribeResourcePolicies: { run: () => ({ resourcePolicies: this.#policies.list().map(describe) }) },
      DeleteResourcePolicy: {
        run: (input: DeleteResourcePolicyCommandInput) => {
          if (this.#policies.delete(input.policyName ?? "")) return {};
          throw notFound(`Policy with name [${input.policyName}] does not exist.`);
        },
      },
    };
  }

  /** All policies as one document, for the policy engine; undefined when there is none. */
  document(): string | undefined {
    const policies = this.#policies.list();
    if (policies.length === 0) return undefined;
    const Statement = policies.flatMap(({ document }) => JSON.parse(document).Statement);
    return JSON.stringify({ Version: "2012-10-17", Statement });
  }

  #put(kernel: Kernel, input: PutResourcePolicyCommandInput) {
    if (input.resourceArn !== undefined) {
      throw invalidParameter("The embedded cloud has resource policies of the account only, not of one resource.");
    }
    const name = input.policyName ?? "";
    const document = input.policyDocument ?? "";
    if (document.length > maxPolicyCharacters) {
      throw invalidParameter(`The policy document is longer than ${maxPolicyCharacters} characters.`);
    }
    try {
      JSON.parse(document);
    } catch {
      throw invalidParameter("Invalid resource policy: it is no JSON.");
    }
    if (!this.#policies.get(name) && this.#policies.keys().length >= maxPolicies) {
      throw new AwsError("LimitExceededException", "Resource limit exceeded.");
    }
    const record = { name, document, updatedAtMs: kernel.clock.now() };
    this.#policies.put(name, record);
    return { resourcePolicy: describe(record) };
  }
}

function describe(record: Readonly<PolicyRecord>): ResourcePolicy {
  return { policyName: record.name, policyDocument: record.document, lastUpdatedTime: record.updatedAtMs };
}
