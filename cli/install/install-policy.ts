/** Where a stage is to be installed. Placeholders in angle brackets make the published example. */
export interface Installation {
  stage: string;
  partition: string;
  region: string;
  accountId: string;
}

/** Actions on the same things. */
interface Grant {
  resources: (at: Installation) => string[];
  condition?: Record<string, Record<string, string[]>>;
  /** Each is asked for when the embedded cloud installs, updates or removes the stack; without any of them that fails. */
  actions: readonly string[];
  /** Asked for by AWS alone, each group with the reason: the embedded cloud has nothing to ask it for. */
  onAws?: readonly { actions: readonly string[]; why: string }[];
}

const readsBack = "CloudFormation reads back what it made, to tell when it is ready and what has drifted.";
const tagsIt = "CloudFormation passes the stack's tags on to what it makes, and AWS asks for the tagging action too.";

const regional = (service: string, resource: string) => (at: Installation) => [
  `arn:${at.partition}:${service}:${at.region}:${at.accountId}:${filled(resource, at)}`,
];
const dataBuckets = (at: Installation) =>
  ["artifacts", "ledger"].map((name) => bucketArn(at, `kiln-${at.stage}-${name}-${at.accountId}-${at.region}`));
const codeBucket = (at: Installation) => [bucketArn(at, `kiln-${at.stage}-serverlessdeploymentbucket-*`)];

function bucketArn({ partition }: Installation, bucket: string): string {
  return `arn:${partition}:s3:::${bucket}`;
}

/** `{stage}` in a resource's name. */
function filled(resource: string, { stage }: Installation): string {
  return resource.replaceAll("{stage}", stage);
}

/** What it takes to install, update and remove the stack, and nothing beside it. */
const grants: readonly Grant[] = [
  {
    resources: regional("cloudformation", "stack/kiln-{stage}/*"),
    actions: ["CreateStack", "UpdateStack", "DeleteStack", "DescribeStacks", "DescribeStackResource"].map(
      (action) => `cloudformation:${action}`,
    ),
    onAws: [
      {
        actions: [
          "cloudformation:CreateChangeSet",
          "cloudformation:DescribeChangeSet",
          "cloudformation:ExecuteChangeSet",
          "cloudformation:DeleteChangeSet",
          "cloudformation:DescribeStackEvents",
          "cloudformation:ListStackResources",
        ],
        why: "serverless deploy changes stacks by change sets, and follows their events.",
      },
    ],
  },
  {
    resources: () => ["*"],
    actions: ["kms:CreateKey"],
    onAws: [
      { actions: ["cloudformation:ValidateTemplate"], why: "serverless deploy validates first; it has no resource." },
    ],
  },
  {
    resources: (at) => [...dataBuckets(at), ...codeBucket(at)],
    actions: ["s3:CreateBucket", "s3:PutBucketPublicAccessBlock", "s3:PutEncryptionConfiguration"],
    onAws: [
      {
        actions: [
          "s3:GetBucketLocation",
          "s3:GetEncryptionConfiguration",
          "s3:GetBucketPublicAccessBlock",
          "s3:ListBucket",
        ],
        why: readsBack,
      },
      { actions: ["s3:PutBucketTagging"], why: tagsIt },
    ],
  },
  {
    resources: dataBuckets,
    actions: [
      "s3:PutBucketNotification",
      "s3:PutBucketOwnershipControls",
      "s3:PutBucketVersioning",
      "s3:PutLifecycleConfiguration",
    ],
  },
  {
    resources: codeBucket,
    actions: ["s3:DeleteBucket", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:ListBucketVersions"],
    onAws: [{ actions: ["s3:GetBucketPolicy"], why: readsBack }],
  },
  {
    resources: (at) => codeBucket(at).map((arn) => `${arn}/*`),
    actions: ["s3:PutObject", "s3:GetObject", "s3:DeleteObjectVersion"],
    onAws: [{ actions: ["s3:DeleteObject"], why: "serverless deploy removes the bundles of older deployments." }],
  },
  {
    // A key has no name before it is made.
    resources: (at) => [...regional("kms", "key/*")(at), ...regional("kms", "alias/kiln-{stage}")(at)],
    actions: ["kms:CreateAlias", "kms:DeleteAlias"],
  },
  {
    resources: regional("kms", "key/*"),
    actions: ["kms:EnableKeyRotation", "kms:UpdateKeyDescription"],
    onAws: [
      { actions: ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"], why: readsBack },
      { actions: ["kms:PutKeyPolicy"], why: "CreateKey with a policy is checked against it by AWS." },
      { actions: ["kms:TagResource"], why: tagsIt },
    ],
  },
  {
    resources: (at) => [`arn:${at.partition}:iam::${at.accountId}:role/kiln/${at.stage}/kiln-${at.stage}-*`],
    actions: ["iam:CreateRole", "iam:DeleteRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy"],
    onAws: [
      {
        actions: ["iam:GetRole", "iam:GetRolePolicy", "iam:ListRolePolicies", "iam:ListAttachedRolePolicies"],
        why: readsBack,
      },
      { actions: ["iam:TagRole", "iam:UntagRole"], why: tagsIt },
      {
        actions: ["iam:UpdateAssumeRolePolicy"],
        why: "An update that changes who may assume a role; none has until now.",
      },
    ],
  },
  {
    resources: (at) => [`arn:${at.partition}:iam::${at.accountId}:role/kiln/${at.stage}/kiln-${at.stage}-*`],
    condition: {
      StringEquals: {
        "iam:PassedToService": ["lambda", "states", "events", "scheduler", "ec2"].map(
          (service) => `${service}.amazonaws.com`,
        ),
      },
    },
    actions: ["iam:PassRole"],
  },
  {
    resources: (at) => [
      `arn:${at.partition}:iam::${at.accountId}:instance-profile/kiln/${at.stage}/kiln-${at.stage}-builder`,
    ],
    actions: [
      "iam:CreateInstanceProfile",
      "iam:DeleteInstanceProfile",
      "iam:AddRoleToInstanceProfile",
      "iam:RemoveRoleFromInstanceProfile",
    ],
    onAws: [{ actions: ["iam:GetInstanceProfile"], why: readsBack }],
  },
  {
    resources: regional("lambda", "function:kiln-{stage}-*"),
    actions: [
      "CreateFunction",
      "DeleteFunction",
      "GetFunctionConfiguration",
      "PublishVersion",
      "TagResource",
      "UntagResource",
      "UpdateFunctionCode",
      "UpdateFunctionConfiguration",
    ].map((action) => `lambda:${action}`),
    onAws: [{ actions: ["lambda:GetFunction", "lambda:ListVersionsByFunction"], why: readsBack }],
  },
  {
    resources: (at) => [
      ...regional("logs", "log-group:/aws/lambda/kiln-{stage}-*")(at),
      ...regional("logs", "log-group:/aws/vendedlogs/states/kiln-{stage}-*")(at),
    ],
    actions: ["logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:PutRetentionPolicy"],
    onAws: [
      { actions: ["logs:DescribeLogGroups", "logs:ListTagsForResource"], why: readsBack },
      { actions: ["logs:TagResource"], why: tagsIt },
    ],
  },
  {
    resources: regional("states", "stateMachine:kiln-{stage}-*"),
    actions: [
      "states:CreateStateMachine",
      "states:UpdateStateMachine",
      "states:DeleteStateMachine",
      "states:TagResource",
    ],
    onAws: [{ actions: ["states:DescribeStateMachine", "states:ListTagsForResource"], why: readsBack }],
  },
  {
    resources: regional("events", "rule/kiln-{stage}-*"),
    actions: ["events:PutRule", "events:DeleteRule", "events:PutTargets", "events:RemoveTargets"],
    onAws: [
      { actions: ["events:DescribeRule", "events:ListTargetsByRule"], why: readsBack },
      { actions: ["events:TagResource"], why: tagsIt },
    ],
  },
  {
    resources: (at) => [
      ...regional("scheduler", "schedule-group/kiln-{stage}")(at),
      ...regional("scheduler", "schedule/kiln-{stage}/*")(at),
    ],
    actions: ["CreateSchedule", "UpdateSchedule", "DeleteSchedule", "CreateScheduleGroup", "DeleteScheduleGroup"].map(
      (action) => `scheduler:${action}`,
    ),
    onAws: [
      { actions: ["scheduler:GetSchedule", "scheduler:GetScheduleGroup"], why: readsBack },
      { actions: ["scheduler:TagResource"], why: tagsIt },
    ],
  },
  {
    resources: regional("sns", "kiln-{stage}-*"),
    actions: ["sns:CreateTopic", "sns:DeleteTopic", "sns:SetTopicAttributes"],
    onAws: [
      { actions: ["sns:GetTopicAttributes", "sns:ListTagsForResource"], why: readsBack },
      { actions: ["sns:TagResource"], why: tagsIt },
    ],
  },
  {
    resources: regional("sqs", "kiln-{stage}-trigger-dead-letters"),
    actions: ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes"],
    onAws: [
      { actions: ["sqs:GetQueueAttributes", "sqs:GetQueueUrl"], why: readsBack },
      { actions: ["sqs:TagQueue"], why: tagsIt },
    ],
  },
  {
    resources: regional("cloudwatch", "alarm:kiln-{stage}-*"),
    actions: ["cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"],
    onAws: [
      { actions: ["cloudwatch:DescribeAlarms"], why: readsBack },
      { actions: ["cloudwatch:TagResource"], why: tagsIt },
    ],
  },
];

/** Every action with why it is there; without a reason, the embedded cloud fails without it. */
export function installActions(): { action: string; why: string | null }[] {
  return grants.flatMap(({ actions, onAws = [] }) => [
    ...actions.map((action) => ({ action, why: null })),
    ...onAws.flatMap((group) => group.actions.map((action) => ({ action, why: group.why }))),
  ]);
}

/** The policy of whoever installs, updates and removes a stage's stack. @param without One action to leave out. */
export function installPolicy(at: Installation, without?: string) {
  const statements = grants.flatMap(({ actions, onAws = [], resources, condition }) => {
    const Action = [...actions, ...onAws.flatMap((group) => group.actions)].filter((action) => action !== without);
    const Resource = resources(at);
    return Action.length === 0
      ? []
      : [{ Effect: "Allow", Action, Resource, ...(condition && { Condition: condition }) }];
  });
  return { Version: "2012-10-17", Statement: statements };
}
