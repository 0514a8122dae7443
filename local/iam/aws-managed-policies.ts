/** A policy that AWS writes; the same in every account. */
export interface AwsManagedPolicy {
  arn: string;
  name: string;
  path: string;
  document: string;
}

function allow(actions: string[] | string): object {
  return { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }] };
}

const logWriting = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"];

/**
 * The AWS managed policies this cloud knows; attaching another is refused as if it did not exist.
 * Source of the documents: AWS Managed Policy Reference Guide.
 */
const documents: Readonly<Record<string, object>> = {
  AdministratorAccess: allow("*"),
  PowerUserAccess: {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", NotAction: ["iam:*", "organizations:*", "account:*"], Resource: "*" },
      {
        Effect: "Allow",
        Action: [
          "account:GetAccountInformation",
          "account:GetPrimaryEmail",
          "account:ListRegions",
          "iam:CreateServiceLinkedRole",
          "iam:DeleteServiceLinkedRole",
          "iam:ListRoles",
          "organizations:DescribeOrganization",
        ],
        Resource: "*",
      },
    ],
  },
  "service-role/AWSLambdaBasicExecutionRole": allow(logWriting),
  "service-role/AWSLambdaVPCAccessExecutionRole": allow([
    ...logWriting,
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
  ]),
  AWSXRayDaemonWriteAccess: allow([
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:GetSamplingStatisticSummaries",
  ]),
  CloudWatchAgentServerPolicy: {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "CWACloudWatchServerPermissions",
        Effect: "Allow",
        Action: [
          "cloudwatch:PutMetricData",
          "ec2:DescribeVolumes",
          "ec2:DescribeTags",
          "logs:PutLogEvents",
          "logs:PutRetentionPolicy",
          "logs:DescribeLogStreams",
          "logs:DescribeLogGroups",
          "logs:CreateLogStream",
          "logs:CreateLogGroup",
          "xray:PutTraceSegments",
          "xray:PutTelemetryRecords",
          "xray:GetSamplingRules",
          "xray:GetSamplingTargets",
          "xray:GetSamplingStatisticSummaries",
        ],
        Resource: "*",
      },
      {
        Sid: "CWASSMServerPermissions",
        Effect: "Allow",
        Action: ["ssm:GetParameter"],
        Resource: "arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*",
      },
    ],
  },
  AmazonSSMManagedInstanceCore: allow([
    "ssm:DescribeAssociation",
    "ssm:GetDeployablePatchSnapshotForInstance",
    "ssm:GetDocument",
    "ssm:DescribeDocument",
    "ssm:GetManifest",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:ListAssociations",
    "ssm:ListInstanceAssociations",
    "ssm:PutInventory",
    "ssm:PutComplianceItems",
    "ssm:PutConfigurePackageResult",
    "ssm:UpdateAssociationStatus",
    "ssm:UpdateInstanceAssociationStatus",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "ec2messages:AcknowledgeMessage",
    "ec2messages:DeleteMessage",
    "ec2messages:FailMessage",
    "ec2messages:GetEndpoint",
    "ec2messages:GetMessages",
    "ec2messages:SendReply",
  ]),
};

const policies = new Map(
  Object.entries(documents).map(([name, document]): [string, AwsManagedPolicy] => {
    const arn = `arn:aws:iam::aws:policy/${name}`;
    const slash = name.lastIndexOf("/");
    return [
      arn,
      { arn, name: name.slice(slash + 1), path: `/${name.slice(0, slash + 1)}`, document: JSON.stringify(document) },
    ];
  }),
);

export const administratorAccessArn = "arn:aws:iam::aws:policy/AdministratorAccess";

export function awsManagedPolicy(arn: string): AwsManagedPolicy | undefined {
  return policies.get(arn);
}

export function awsManagedPolicies(): AwsManagedPolicy[] {
  return [...policies.values()];
}
