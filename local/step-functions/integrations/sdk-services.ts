/** How one service is reached through `arn:aws:states:::aws-sdk:<name>:<action>`. */
export interface SdkService {
  /** The name requests to it are signed for, which is its id in this cloud. */
  signingName: string;
  /** npm package whose schemas describe its requests, answers and errors. */
  package: string;
  /** What Step Functions puts before its errors: the SDK's service name, as in `Ssm.ParameterNotFoundException`. */
  prefix: string;
}

const client = (signingName: string, name: string, prefix: string): SdkService => ({
  signingName,
  package: `@aws-sdk/client-${name}`,
  prefix,
});

/** The services of this cloud by their name in an ARN. Source of the names: Step Functions guide, "Supported AWS SDK service integrations". */
export const sdkServices: Readonly<Record<string, SdkService>> = {
  autoscaling: client("autoscaling", "auto-scaling", "AutoScaling"),
  cloudformation: client("cloudformation", "cloudformation", "CloudFormation"),
  cloudwatch: client("monitoring", "cloudwatch", "CloudWatch"),
  cloudwatchlogs: client("logs", "cloudwatch-logs", "CloudWatchLogs"),
  ebs: client("ebs", "ebs", "Ebs"),
  ec2: client("ec2", "ec2", "Ec2"),
  elasticloadbalancingv2: client("elasticloadbalancing", "elastic-load-balancing-v2", "ElasticLoadBalancingV2"),
  eventbridge: client("events", "eventbridge", "EventBridge"),
  iam: client("iam", "iam", "Iam"),
  kms: client("kms", "kms", "Kms"),
  lambda: client("lambda", "lambda", "Lambda"),
  s3: client("s3", "s3", "S3"),
  scheduler: client("scheduler", "scheduler", "Scheduler"),
  sfn: client("states", "sfn", "Sfn"),
  sns: client("sns", "sns", "Sns"),
  sqs: client("sqs", "sqs", "Sqs"),
  ssm: client("ssm", "ssm", "Ssm"),
  sts: client("sts", "sts", "Sts"),
};
