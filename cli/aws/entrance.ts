import { DescribeSubnetsCommand, DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { SSMClient } from "@aws-sdk/client-ssm";
import { Parameters, parameterNames } from "../../shared/aws/parameters.ts";
import { isNamed } from "../../shared/errors.ts";
import { type Connection, clientConfiguration } from "./connection.ts";

/** The load balancer that stands before the services of a stage. */
export interface Entrance {
  loadBalancerArn: string;
  listenerArn: string;
  /** The port that the listener was made for. */
  port: number;
}

/**
 * Makes what a real account would have before Kiln comes: a load balancer over the default network, whose listener
 * answers 503 to whatever no service claims, and the stage's parameter that names the listener. Finds what is there.
 * @param freePort Asked for the port of a new listener.
 */
export async function ensureEntrance(
  connection: Connection,
  stage: string,
  freePort: () => Promise<number>,
): Promise<Entrance> {
  const configuration = clientConfiguration(connection);
  const elb = new ElasticLoadBalancingV2Client(configuration);
  const ec2 = new EC2Client(configuration);
  const ssm = new SSMClient(configuration);
  try {
    const loadBalancerArn = await ensureLoadBalancer(elb, ec2, `kiln-${stage}`);
    const { listenerArn, port } = await ensureListener(elb, loadBalancerArn, freePort);
    const parameters = new Parameters(ssm);
    const name = parameterNames.listener(stage);
    if ((await parameters.read(name)) !== listenerArn) await parameters.write(name, listenerArn);
    return { loadBalancerArn, listenerArn, port };
  } finally {
    for (const client of [elb, ec2, ssm]) client.destroy();
  }
}

async function ensureLoadBalancer(elb: ElasticLoadBalancingV2Client, ec2: EC2Client, Name: string): Promise<string> {
  try {
    const found = await elb.send(new DescribeLoadBalancersCommand({ Names: [Name] }));
    const arn = found.LoadBalancers?.[0]?.LoadBalancerArn;
    if (arn) return arn;
  } catch (error) {
    if (!isNamed(error, "LoadBalancerNotFoundException", "LoadBalancerNotFound")) throw error;
  }
  const made = await elb.send(new CreateLoadBalancerCommand({ Name, Subnets: await defaultSubnets(ec2) }));
  return made.LoadBalancers?.[0]?.LoadBalancerArn ?? "";
}

async function defaultSubnets(ec2: EC2Client): Promise<string[]> {
  const isDefault = { Name: "is-default", Values: ["true"] };
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({ Filters: [isDefault] }));
  const inVpc = { Name: "vpc-id", Values: [Vpcs[0]?.VpcId ?? ""] };
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters: [inVpc] }));
  return Subnets.flatMap(({ SubnetId }) => (SubnetId ? [SubnetId] : [])).sort();
}

async function ensureListener(
  elb: ElasticLoadBalancingV2Client,
  LoadBalancerArn: string,
  freePort: () => Promise<number>,
): Promise<{ listenerArn: string; port: number }> {
  const { Listeners = [] } = await elb.send(new DescribeListenersCommand({ LoadBalancerArn }));
  const [found] = Listeners;
  if (found?.ListenerArn) return { listenerArn: found.ListenerArn, port: found.Port ?? 0 };
  const port = await freePort();
  const answer = { StatusCode: "503", ContentType: "text/plain", MessageBody: "no service here\n" };
  const made = await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn,
      Protocol: "HTTP",
      Port: port,
      DefaultActions: [{ Type: "fixed-response", FixedResponseConfig: answer }],
    }),
  );
  return { listenerArn: made.Listeners?.[0]?.ListenerArn ?? "", port };
}
