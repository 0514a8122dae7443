import type { CreateServiceLinkedRoleCommandInput } from "@aws-sdk/client-iam";
import { AwsError } from "../core/aws-error.ts";
import type { Operation } from "../core/kernel.ts";
import type { Directory, RoleRecord } from "./directory.ts";
import { roleNamed, roleView } from "./roles.ts";

/** Roles of AWS's own services. Source: each service's user guide, "Service-linked roles". */
const roleNames: Readonly<Record<string, string>> = {
  "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
  "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
  "spot.amazonaws.com": "AWSServiceRoleForEC2Spot",
  "events.amazonaws.com": "AWSServiceRoleForCloudWatchEvents",
  "ssm.amazonaws.com": "AWSServiceRoleForAmazonSSM",
};

/** ARN and name of a service's linked role; the suffix sets several of one service apart. */
function roleOf(directory: Directory, host: string, suffix?: string) {
  const name = roleNames[host];
  if (!name) throw new AwsError("InvalidInput", `Service role not found for ${host}.`, 400);
  const fullName = suffix === undefined ? name : `${name}_${suffix}`;
  return {
    name: fullName,
    path: `/aws-service-role/${host}/`,
    arn: directory.arn("role", `/aws-service-role/${host}/`, fullName),
  };
}

export function serviceLinkedRoleOperations(directory: Directory): Record<string, Operation> {
  return {
    CreateServiceLinkedRole: {
      permissions: (input: CreateServiceLinkedRoleCommandInput) => [
        {
          action: "iam:CreateServiceLinkedRole",
          resource: roleOf(directory, input.AWSServiceName ?? "", input.CustomSuffix).arn,
          context: { "iam:AWSServiceName": input.AWSServiceName ?? "" },
        },
      ],
      run: (input: CreateServiceLinkedRoleCommandInput) => {
        const role = createLinkedRole(directory, input.AWSServiceName ?? "", input.CustomSuffix, input.Description);
        return { Role: roleView(role, true) };
      },
    },
    DeleteServiceLinkedRole: {
      permissions: (input: { RoleName: string }) => [
        {
          action: "iam:DeleteServiceLinkedRole",
          resource: directory.roles.get(input.RoleName)?.arn ?? directory.arn("role", "/", input.RoleName),
        },
      ],
      run: (input: { RoleName: string }) => {
        const role = roleNamed(directory, input.RoleName);
        if (role.linkedService === undefined) {
          throw new AwsError("InvalidInput", `${role.name} is not a service-linked role.`, 400);
        }
        directory.roles.delete(role.name);
        return { DeletionTaskId: `task${role.path}${role.name}/${directory.kernel.random.uuid()}` };
      },
    },
    GetServiceLinkedRoleDeletionStatus: {
      // The task's name carries the role's path and name: task/aws-service-role/<host>/<role>/<uuid>.
      permissions: ({ DeletionTaskId = "" }: { DeletionTaskId?: string }) => [
        {
          action: "iam:GetServiceLinkedRoleDeletionStatus",
          resource: directory.arn("role", "/", DeletionTaskId.split("/").slice(1, -1).join("/")),
        },
      ],
      run: () => ({ Status: "SUCCEEDED" }),
    },
  };
}

function createLinkedRole(
  directory: Directory,
  host: string,
  suffix: string | undefined,
  description: string | undefined,
): RoleRecord {
  const { name, path, arn } = roleOf(directory, host, suffix);
  if (directory.roles.get(name)) {
    throw new AwsError(
      "InvalidInput",
      `Service role name ${name} has been taken in this account, please try a different suffix.`,
      400,
    );
  }
  const role: RoleRecord = {
    name,
    path,
    arn,
    id: directory.newId("AROA"),
    createdMs: directory.kernel.clock.now(),
    tags: {},
    inline: {},
    attached: [],
    linkedService: host,
    maxSessionSeconds: 3_600,
    trustPolicy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: host }, Action: "sts:AssumeRole" }],
    }),
    ...(description === undefined ? {} : { description }),
  };
  directory.roles.put(name, role);
  return role;
}
