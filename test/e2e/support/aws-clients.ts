import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EBSClient } from "@aws-sdk/client-ebs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { IAMClient } from "@aws-sdk/client-iam";
import { S3Client } from "@aws-sdk/client-s3";
import { SFNClient } from "@aws-sdk/client-sfn";
import { SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import { type Connection, clientConfiguration } from "../../../cli/aws/connection.ts";

/** A client for each service that a journal writes to. */
export type AwsClients = ReturnType<typeof openClients>;

/** Clients that ask once: what they are not told has no answer. */
export function openClients(connection: Connection) {
  const configuration = { ...clientConfiguration(connection), maxAttempts: 1 };
  const clients = {
    cloudWatch: new CloudWatchClient(configuration),
    ebs: new EBSClient(configuration),
    ec2: new EC2Client(configuration),
    events: new EventBridgeClient(configuration),
    iam: new IAMClient(configuration),
    logs: new CloudWatchLogsClient(configuration),
    s3: new S3Client({ ...configuration, forcePathStyle: true }),
    sfn: new SFNClient(configuration),
    sqs: new SQSClient(configuration),
    ssm: new SSMClient(configuration),
  };
  const destroy = () => {
    for (const client of Object.values(clients)) client.destroy();
  };
  return { ...clients, destroy };
}
