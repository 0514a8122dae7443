import type { AssumeRoleCommandOutput } from "@aws-sdk/client-sts";
import type { Caller, Kernel } from "../core/kernel.ts";

/**
 * The caller that an AWS service becomes in a role it was given. STS judges the role's trust policy.
 * @param host The service, for example `events.amazonaws.com`.
 * @throws {AwsError} AccessDenied when the role does not trust the service or does not exist.
 */
export async function callerInRole(kernel: Kernel, host: string, roleArn: string, session: string): Promise<Caller> {
  const { AssumedRoleUser: user, Credentials: credentials } = await kernel.call<AssumeRoleCommandOutput>(
    "sts",
    "AssumeRole",
    { RoleArn: roleArn, RoleSessionName: session },
    kernel.serviceCaller(host),
  );
  const name = roleArn.split("/").at(-1) ?? roleArn;
  const accountId = roleArn.split(":")[4] ?? kernel.settings.accountId;
  return {
    kind: "role",
    name,
    accountId,
    arn: user?.Arn ?? `arn:aws:sts::${accountId}:assumed-role/${name}/${session}`,
    ...(credentials?.AccessKeyId !== undefined && { accessKeyId: credentials.AccessKeyId }),
  };
}
