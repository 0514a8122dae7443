import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { EBSClient } from "@aws-sdk/client-ebs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { KMSClient } from "@aws-sdk/client-kms";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { SFNClient } from "@aws-sdk/client-sfn";
import { SSMClient } from "@aws-sdk/client-ssm";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { Connect } from "../step.ts";

/**
 * How every SDK client is set up: one owner of retries, and no call without an end. A handler's time-out is 30 s or more,
 * so three attempts of 8 s fit. Source for hung connections: awslabs/coldsnap issue 437.
 * @param requestTimeoutMs For the one call that waits for another function's answer. Unit: milliseconds.
 */
function options(requestTimeoutMs = 8_000, maxAttempts = 3) {
  return {
    maxAttempts,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 2_000,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
    }),
  };
}

/**
 * Blocks are many and share one quota, so throttling is usual and passes within seconds; and a block that takes longer
 * than this is stuck. Five attempts with their pauses end before the function's time-out, after a turn of 20 s.
 */
const ofBlocks = { requestTimeoutMs: 5_000, maxAttempts: 5 } as const;

// One function a client: a bundle carries only the clients that its handler asks for.
export const autoScaling = (connect: Connect) => connect(new AutoScalingClient(options()));
export const cloudWatch = (connect: Connect) => connect(new CloudWatchClient(options()));
export const ebs = (connect: Connect) =>
  connect(new EBSClient(options(ofBlocks.requestTimeoutMs, ofBlocks.maxAttempts)));
export const ec2 = (connect: Connect) => connect(new EC2Client(options()));
export const loadBalancing = (connect: Connect) => connect(new ElasticLoadBalancingV2Client(options()));
export const kms = (connect: Connect) => connect(new KMSClient(options()));
export const lambda = (connect: Connect, requestTimeoutMs: number) =>
  connect(new LambdaClient(options(requestTimeoutMs)));
export const s3 = (connect: Connect) => connect(new S3Client(options()));
export const serviceQuotas = (connect: Connect) => connect(new ServiceQuotasClient(options()));
export const stepFunctions = (connect: Connect) => connect(new SFNClient(options()));
export const ssm = (connect: Connect) => connect(new SSMClient(options()));
/** For what must not be sent twice: no attempt is made again. */
export const ssmOnce = (connect: Connect) => connect(new SSMClient(options(8_000, 1)));
