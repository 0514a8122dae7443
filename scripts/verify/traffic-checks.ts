import {
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateRuleCommand,
  CreateTargetGroupCommand,
  DeleteListenerCommand,
  DeleteLoadBalancerCommand,
  DeleteRuleCommand,
  DeleteTargetGroupCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetHealthCommand,
  RegisterTargetsCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { GetParameterCommand } from "@aws-sdk/client-ssm";
import type { Account } from "./account.ts";
import { type Check, refusal } from "./check.ts";

const baseParameter = "/aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-default-x86_64";
const fallbackParameter = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";

async function instance(account: Account): Promise<string> {
  const read = (Name: string) => account.ssm.send(new GetParameterCommand({ Name }));
  const { Parameter } = await read(baseParameter).catch(() => read(fallbackParameter));
  const { Instances } = await account.ec2.send(
    new RunInstancesCommand({
      ImageId: Parameter?.Value ?? "",
      InstanceType: "t3.micro",
      MinCount: 1,
      MaxCount: 1,
      TagSpecifications: [{ ResourceType: "instance", Tags: account.tags }],
    }),
  );
  const InstanceIds = [Instances?.[0]?.InstanceId ?? ""];
  account.cleanUp(`instance ${InstanceIds[0]}`, () => account.ec2.send(new TerminateInstancesCommand({ InstanceIds })));
  await account.until("the instance to run", async () => {
    const found = await account.ec2.send(new DescribeInstancesCommand({ InstanceIds })).catch(() => undefined);
    return found?.Reservations?.[0]?.Instances?.[0]?.State?.Name === "running";
  });
  return InstanceIds[0] ?? "";
}

/** An internal load balancer in two subnets of the default VPC. */
async function listener(account: Account): Promise<{ listenerArn: string; vpcId: string }> {
  const { Subnets = [] } = await account.ec2.send(
    new DescribeSubnetsCommand({ Filters: [{ Name: "default-for-az", Values: ["true"] }] }),
  );
  const made = await account.elb.send(
    new CreateLoadBalancerCommand({
      Name: account.name("lb").replace("kiln-verify-", "kv-").slice(0, 32),
      Scheme: "internal",
      Subnets: Subnets.slice(0, 2).map(({ SubnetId = "" }) => SubnetId),
      Tags: account.tags,
    }),
  );
  const LoadBalancerArn = made.LoadBalancers?.[0]?.LoadBalancerArn ?? "";
  account.cleanUp("the load balancer", () => account.elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn })));
  await account.until("the load balancer to be active", async () => {
    const found = await account.elb.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [LoadBalancerArn] }));
    return found.LoadBalancers?.[0]?.State?.Code === "active";
  });
  const DefaultActions = [{ Type: "fixed-response", FixedResponseConfig: { StatusCode: "404" } }] as const;
  const { Listeners } = await account.elb.send(
    new CreateListenerCommand({ LoadBalancerArn, Protocol: "HTTP", Port: 8933, DefaultActions: [...DefaultActions] }),
  );
  const ListenerArn = Listeners?.[0]?.ListenerArn ?? "";
  account.cleanUp("its listener", () => account.elb.send(new DeleteListenerCommand({ ListenerArn })));
  return { listenerArn: ListenerArn, vpcId: Subnets[0]?.VpcId ?? "" };
}

async function targetGroup(account: Account, name: string, VpcId: string): Promise<string> {
  const { TargetGroups } = await account.elb.send(
    new CreateTargetGroupCommand({
      Name: account.name(name).replace("kiln-verify-", "kv-").slice(0, 32),
      Protocol: "HTTP",
      Port: 8080,
      VpcId,
      HealthCheckIntervalSeconds: 5,
      HealthCheckTimeoutSeconds: 2,
      UnhealthyThresholdCount: 2,
      Tags: account.tags,
    }),
  );
  const TargetGroupArn = TargetGroups?.[0]?.TargetGroupArn ?? "";
  account.cleanUp(`target group ${name}`, () => account.elb.send(new DeleteTargetGroupCommand({ TargetGroupArn })));
  return TargetGroupArn;
}

export const trafficChecks: readonly Check[] = [
  {
    name: "weight-zero-health",
    question:
      "Is a target group at weight 0 health-checked, may a weight be 1000, and can a group go while a rule has it?",
    assumed: {
      beforeAnyRule: "unused",
      atWeightZero: "unhealthy",
      weight1000: "ValidationError",
      deleteInUse: "ResourceInUse",
    },
    basis:
      "Application Load Balancers guide, target groups and limits. The standby ladder rests on the first, for an idle fleet must stay known to be well.",
    cents: 3,
    async run(account) {
      const { listenerArn, vpcId } = await listener(account);
      const [live, idle] = [await targetGroup(account, "live", vpcId), await targetGroup(account, "idle", vpcId)];
      const Targets = [{ Id: await instance(account), Port: 8080 }];
      await account.elb.send(new RegisterTargetsCommand({ TargetGroupArn: idle, Targets }));
      const health = async () => {
        const found = await account.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: idle }));
        return found.TargetHealthDescriptions?.[0]?.TargetHealth?.State;
      };
      const beforeAnyRule = await health();
      const rule = (Weight: number) =>
        new CreateRuleCommand({
          ListenerArn: listenerArn,
          Priority: 1,
          Conditions: [{ Field: "path-pattern", PathPatternConfig: { Values: ["/*"] } }],
          Actions: [
            {
              Type: "forward",
              ForwardConfig: {
                TargetGroups: [
                  { TargetGroupArn: live, Weight },
                  { TargetGroupArn: idle, Weight: 0 },
                ],
              },
            },
          ],
          Tags: account.tags,
        });
      const weight1000 = await refusal(account.elb.send(rule(1000)));
      const made = await account.elb.send(rule(100));
      const RuleArn = made.Rules?.[0]?.RuleArn ?? "";
      account.cleanUp("its rule", () => account.elb.send(new DeleteRuleCommand({ RuleArn })));
      const atWeightZero = await account.until("a verdict on the target", async () => {
        const state = await health();
        return state !== "initial" && state !== "unused" && state;
      });
      const deleteInUse = await refusal(account.elb.send(new DeleteTargetGroupCommand({ TargetGroupArn: idle })));
      return {
        facts: { beforeAnyRule, atWeightZero, weight1000, deleteInUse: deleteInUse.replace(/Exception$/, "") },
      };
    },
  },
];
