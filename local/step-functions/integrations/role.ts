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
 * The state machine's role, as Step Functions takes it on; the role's trust policy is judged.
 * @throws {AwsError} AccessDeniedException with AWS's sentence when the role does not trust Step Functions.
 */
export async function assumeRole(kernel: Kernel, roleArn: string): Promise<Caller> {
  const input = { RoleArn: roleArn, RoleSessionName: kernel.random.code(sessionNameLength) };
  try {
    const role = await kernel.call<AssumedRole>(
      "sts",
      "AssumeRole",
      input,
      kernel.serviceCaller("states.amazonaws.com"),
    );
    const caller: Caller = {
      kind: "role",
      name: roleName(roleArn),
      arn: role.AssumedRoleUser?.Arn ?? roleArn,
      accountId: kernel.settings.accountId,
    };
    if (role.Credentials?.AccessKeyId !== undefined) caller.accessKeyId = role.Credentials.AccessKeyId;
    return caller;
  } catch (error) {
    if (error instanceof AwsError && error.status < 500) {
      throw new AwsError(
        "AccessDeniedException",
        "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.",
      );
    }
    throw error;
  }
}
