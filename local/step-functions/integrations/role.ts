import { AwsError } from "../../core/aws-error.ts";
import type { Caller, Kernel } from "../../core/kernel.ts";

interface AssumedRole {
  AssumedRoleUser?: { Arn?: string };
  Credentials?: { AccessKeyId?: string };
}

/** The name inside a role's ARN, paths left out. */
export function roleName(roleArn: string): string {
  return roleArn.slice(roleArn.lastIndexOf("/") + 1);
}

/** Letters of a session name Step Functions gives to the role of an execution. */
const sessionNameLength = 32;

/**
 * A role as Step Functions takes it on; its trust policy is judged.
 * @param by Who asks for it: Step Functions for a machine's own role, that role for the credentials of a task.
 * @throws {AwsError} AccessDeniedException with AWS's sentence when the role does not trust Step Functions.
 */
export async function assumeRole(
  kernel: Kernel,
  roleArn: string,
  by = kernel.serviceCaller("states.amazonaws.com"),
): Promise<Caller> {
  const input = { RoleArn: roleArn, RoleSessionName: kernel.random.code(sessionNameLength) };
  try {
    const role = await kernel.call<AssumedRole>("sts", "AssumeRole", input, by);
    const caller: Caller = {
      kind: "role",
      name: roleName(roleArn),
      arn: role.AssumedRoleUser?.Arn ?? roleArn,
      accountId: kernel.settings.accountId,
    };
    if (role.Credentials?.AccessKeyId !== undefined) caller.accessKeyId = role.Credentials.AccessKeyId;
    return caller;
  } catch (error) {
    if (error instanceof AwsError && error.status < 500 && by.kind === "service") {
      throw new AwsError(
        "AccessDeniedException",
        "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.",
      );
    }
    throw error;
  }
}
