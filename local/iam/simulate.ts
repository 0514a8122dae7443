import type {
  ContextEntry,
  EvaluationResult,
  SimulateCustomPolicyCommandInput,
  SimulatePrincipalPolicyCommandInput,
} from "@aws-sdk/client-iam";
import { AwsError } from "../core/aws-error.ts";
import type { Operation } from "../core/kernel.ts";
import type { Access } from "./access.ts";
import type { Directory, PrincipalRecord } from "./directory.ts";
import { evaluate } from "./evaluate.ts";
import { page } from "./input-rules.ts";
import { type PolicyDocument, parsePolicy } from "./policy-document.ts";

type Input = SimulateCustomPolicyCommandInput & SimulatePrincipalPolicyCommandInput;

const decisions = { allow: "allowed", deny: "explicitDeny", none: "implicitDeny" } as const;

/**
 * The policy simulator: the same evaluation as for calls, without making one. Resource policies take no part unless the
 * caller brings one, as on AWS; bringing one is not supported here.
 */
export function simulationOperations(directory: Directory, access: Access): Record<string, Operation> {
  return {
    SimulateCustomPolicy: {
      run: (input: SimulateCustomPolicyCommandInput) => simulate(access, input as Input, [], undefined, {}),
    },
    SimulatePrincipalPolicy: {
      permissions: (input: SimulatePrincipalPolicyCommandInput) => [
        { action: "iam:SimulatePrincipalPolicy", resource: input.PolicySourceArn ?? "*" },
      ],
      run: (input: SimulatePrincipalPolicyCommandInput) => {
        const record = principalAt(directory, input.PolicySourceArn ?? "");
        const { identity, boundary } = access.ownPoliciesOf(record);
        const context = { "aws:PrincipalArn": record.arn, "aws:PrincipalAccount": directory.kernel.settings.accountId };
        return simulate(access, input as Input, identity, boundary, context);
      },
    },
  };
}

function principalAt(directory: Directory, arn: string): Readonly<PrincipalRecord> {
  const name = arn.split("/").at(-1) ?? "";
  const record = /:role\//.test(arn) ? directory.roles.get(name) : directory.users.get(name);
  if (record?.arn === arn) return record;
  throw new AwsError("NoSuchEntity", `The principal ${arn} cannot be found.`, 404);
}

function simulate(
  access: Access,
  input: Input,
  own: PolicyDocument[],
  ownBoundary: PolicyDocument[] | undefined,
  callerContext: Record<string, string>,
): object {
  if (input.ResourcePolicy !== undefined || input.ResourceHandlingOption !== undefined) {
    throw new AwsError("NotImplemented", "the embedded cloud simulates no resource policies", 501);
  }
  const read = (text: string) => parsePolicy(text, "identity");
  const documents = [...own, ...(input.PolicyInputList ?? []).map(read)];
  const boundaryInput = input.PermissionsBoundaryPolicyInputList?.map(read);
  const boundary = boundaryInput ?? ownBoundary;
  const context = { ...callerContext, ...contextOf(input.ContextEntries) };
  const results: EvaluationResult[] = [];
  for (const action of input.ActionNames ?? []) {
    for (const resource of input.ResourceArns ?? ["*"]) {
      const request = access.requestOf({ action, resource }, context);
      const said = evaluate(documents, request);
      const limited = boundary && evaluate(boundary, request);
      const effect = said === "allow" && limited !== undefined ? limited : said;
      results.push({
        EvalActionName: action,
        EvalResourceName: resource,
        EvalDecision: decisions[effect],
        MatchedStatements: [],
        MissingContextValues: [],
        ...(limited === undefined
          ? {}
          : { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: limited === "allow" } }),
      });
    }
  }
  const { items, ...rest } = page(results, input);
  return { EvaluationResults: items, ...rest };
}

function contextOf(entries: readonly ContextEntry[] | undefined): Record<string, string[]> {
  return Object.fromEntries((entries ?? []).map((entry) => [entry.ContextKeyName ?? "", entry.ContextKeyValues ?? []]));
}
