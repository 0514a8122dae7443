import type { SimulatePrincipalPolicyCommandOutput } from "@aws-sdk/client-iam";
import type { VpcConfig } from "@aws-sdk/client-lambda";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel } from "../core/kernel.ts";
import { invalidParameter } from "./catalog.ts";

/** Where a function stands inside a VPC. */
export interface FunctionVpc {
  subnetIds: string[];
  securityGroupIds: string[];
}

/** Undefined for a function outside of every VPC. */
export function vpcOf({ SubnetIds = [], SecurityGroupIds = [] }: VpcConfig): FunctionVpc | undefined {
  if ((SubnetIds.length === 0) !== (SecurityGroupIds.length === 0)) {
    throw invalidParameter("SubnetIds and SecurityIds must coexist or be both empty list.");
  }
  return SubnetIds.length === 0 ? undefined : { subnetIds: SubnetIds, securityGroupIds: SecurityGroupIds };
}

/**
 * Lambda makes network interfaces with the function's role, so the role must allow that and the subnets must exist.
 * Source: Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC", required permissions.
 */
export async function assertAttachable(kernel: Kernel, role: string, vpc: FunctionVpc): Promise<void> {
  const lambda = kernel.serviceCaller("lambda.amazonaws.com");
  const question = { PolicySourceArn: role, ActionNames: ["ec2:CreateNetworkInterface"] };
  const { EvaluationResults = [] } = await kernel.call<SimulatePrincipalPolicyCommandOutput>(
    "iam",
    "SimulatePrincipalPolicy",
    question,
    lambda,
  );
  if (EvaluationResults.some(({ EvalDecision }) => EvalDecision !== "allowed")) {
    throw invalidParameter(
      "The provided execution role does not have permissions to call CreateNetworkInterface on EC2",
    );
  }
  for (const [operation, input] of [
    ["DescribeSubnets", { SubnetIds: vpc.subnetIds }],
    ["DescribeSecurityGroups", { GroupIds: vpc.securityGroupIds }],
  ] as const) {
    try {
      await kernel.call("ec2", operation, input, lambda);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const { code, message } = error;
      throw invalidParameter(
        `Error occurred while ${operation}. EC2 Error Code: ${code}. EC2 Error Message: ${message}`,
      );
    }
  }
}
