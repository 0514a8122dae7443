import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { CloudFormationClient, paginateListStackResources } from "@aws-sdk/client-cloudformation";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { KMSClient } from "@aws-sdk/client-kms";
import { S3Client } from "@aws-sdk/client-s3";
import { SchedulerClient } from "@aws-sdk/client-scheduler";
import { SFNClient } from "@aws-sdk/client-sfn";
import { SSMClient } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { isNamed } from "../../shared/errors.ts";
import { type Connection, clientConfiguration } from "../aws/connection.ts";
import { stackName } from "../aws/stack-outputs.ts";

/** The clients that an uninstallation needs; it must work when the stack, and with it every output, is gone already. */
export interface Account {
  stage: string;
  accountId: string;
  region: string;
  scaling: AutoScalingClient;
  stacks: CloudFormationClient;
  ec2: EC2Client;
  elb: ElasticLoadBalancingV2Client;
  events: EventBridgeClient;
  kms: KMSClient;
  s3: S3Client;
  scheduler: SchedulerClient;
  machines: SFNClient;
  ssm: SSMClient;
}

export async function openAccount(connection: Connection, stage: string): Promise<Account> {
  const configuration = clientConfiguration(connection);
  const identity = new STSClient(configuration);
  const { Account: accountId = "" } = await identity.send(new GetCallerIdentityCommand({}));
  return {
    stage,
    accountId,
    region: await identity.config.region(),
    scaling: new AutoScalingClient(configuration),
    stacks: new CloudFormationClient(configuration),
    ec2: new EC2Client(configuration),
    elb: new ElasticLoadBalancingV2Client(configuration),
    events: new EventBridgeClient(configuration),
    kms: new KMSClient(configuration),
    s3: new S3Client({ ...configuration, forcePathStyle: connection.endpoint !== undefined }),
    scheduler: new SchedulerClient(configuration),
    machines: new SFNClient(configuration),
    ssm: new SSMClient(configuration),
  };
}

/** Physical names of what the stack made, of one type; none when the stack is gone. */
export async function stackResources({ stacks, stage }: Account, type: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const page of paginateListStackResources({ client: stacks }, { StackName: stackName(stage) })) {
      for (const { ResourceType, PhysicalResourceId, ResourceStatus } of page.StackResourceSummaries ?? []) {
        const stands = PhysicalResourceId !== undefined && ResourceStatus !== "DELETE_COMPLETE";
        if (ResourceType === type && stands) found.push(PhysicalResourceId);
      }
    }
  } catch (error) {
    if (!isNamed(error, "ValidationError")) throw error;
  }
  return found;
}

/** The two buckets that outlive the stack; infrastructure/storage.yml names them so. */
export function dataBuckets({ stage, accountId, region }: Account): { artifacts: string; ledger: string } {
  return {
    artifacts: `kiln-${stage}-artifacts-${accountId}-${region}`,
    ledger: `kiln-${stage}-ledger-${accountId}-${region}`,
  };
}
