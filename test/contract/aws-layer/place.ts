import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { EBSClient } from "@aws-sdk/client-ebs";
import { DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2";
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAMClient } from "@aws-sdk/client-iam";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from "@aws-sdk/client-s3";
import { SFNClient } from "@aws-sdk/client-sfn";
import { SSMClient } from "@aws-sdk/client-ssm";
import { clientConfiguration, connectTo } from "../../../cli/aws/connection.ts";
import { Artifacts } from "../../../shared/aws/artifacts.ts";
import { Documents } from "../../../shared/aws/documents.ts";
import { Executions } from "../../../shared/aws/executions.ts";
import { Fleets } from "../../../shared/aws/fleets.ts";
import { Images } from "../../../shared/aws/images.ts";
import { Instances } from "../../../shared/aws/instances.ts";
import { Ledger } from "../../../shared/aws/ledger.ts";
import { Networks } from "../../../shared/aws/networks.ts";
import { Parameters } from "../../../shared/aws/parameters.ts";
import { Snapshots } from "../../../shared/aws/snapshots.ts";
import { TargetGroups } from "../../../shared/aws/target-groups.ts";
import { Templates } from "../../../shared/aws/templates.ts";
import { Traffic } from "../../../shared/aws/traffic.ts";
import { until } from "../../e2e/support/until.ts";

export type Place = Awaited<ReturnType<typeof openPlace>>;

const bucket = "contract-objects";

/** Kiln's own AWS layer in an account with a versioned bucket, a key, and a listener: on whatever answers at `endpoint`. */
export async function openPlace(endpoint: string) {
  const settings = clientConfiguration(connectTo(endpoint));
  const clients = {
    s3: new S3Client(settings),
    ec2: new EC2Client(settings),
    ebs: new EBSClient(settings),
    elb: new ElasticLoadBalancingV2Client(settings),
    scaling: new AutoScalingClient(settings),
    ssm: new SSMClient(settings),
    sfn: new SFNClient(settings),
    kms: new KMSClient(settings),
    iam: new IAMClient(settings),
  };
  const { s3, ec2, ebs, elb } = clients;
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }));
  const key = await clients.kms.send(new CreateKeyCommand({}));
  return {
    clients,
    bucket,
    keyArn: key.KeyMetadata?.Arn ?? "",
    listenerArn: await makeListener(ec2, elb),
    artifacts: new Artifacts(s3, bucket),
    documents: new Documents(s3, bucket),
    executions: new Executions(clients.sfn),
    fleets: new Fleets(clients.scaling),
    images: new Images(ec2),
    instances: new Instances(ec2),
    ledger: new Ledger(new Documents(s3, bucket)),
    networks: new Networks(elb, ec2),
    parameters: new Parameters(clients.ssm),
    snapshots: new Snapshots(ebs, ec2),
    targetGroups: new TargetGroups(elb),
    templates: new Templates(ec2),
    traffic: new Traffic(elb, "contract"),
    close() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

async function makeListener(ec2: EC2Client, elb: ElasticLoadBalancingV2Client): Promise<string> {
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  const ids = Subnets.slice(0, 2).map(({ SubnetId = "" }) => SubnetId);
  const made = await elb.send(new CreateLoadBalancerCommand({ Name: "contract", Subnets: ids }));
  const balancer = made.LoadBalancers?.[0]?.LoadBalancerArn ?? "";
  await until("the load balancer to be active", async () => {
    const { LoadBalancers } = await elb.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [balancer] }));
    return LoadBalancers?.[0]?.State?.Code === "active";
  });
  const { Listeners } = await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn: balancer,
      Protocol: "HTTP",
      Port: 8932,
      DefaultActions: [{ Type: "fixed-response", FixedResponseConfig: { StatusCode: "404" } }],
    }),
  );
  return Listeners?.[0]?.ListenerArn ?? "";
}
