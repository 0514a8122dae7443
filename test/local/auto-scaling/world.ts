import type { Activity, AutoScalingGroup, CreateAutoScalingGroupCommandInput } from "@aws-sdk/client-auto-scaling";
import { AutoScalingService } from "../../../local/auto-scaling/service.ts";
import type { MetricQuery } from "../../../local/auto-scaling/target-tracking.ts";
import { VirtualClock } from "../../../local/core/clock.ts";
import { awsDelays, noDelays } from "../../../local/core/delays.ts";
import { type AwsEvent, type Caller, Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { LoadBalancingService } from "../../../local/load-balancing/service.ts";
import { ScriptedTraffic } from "../load-balancing/world.ts";
import { FakeEc2 } from "./fake-ec2.ts";

const admin: Caller = {
  kind: "user",
  arn: "arn:aws:iam::123456789012:user/admin",
  accountId: "123456789012",
  name: "admin",
};

/** Auto Scaling with the real load balancing model beside it, a fake EC2, and a virtual clock. */
export class World {
  readonly clock = new VirtualClock();
  readonly kernel: Kernel;
  readonly ec2: FakeEc2;
  readonly traffic = new ScriptedTraffic();
  readonly events: AwsEvent[] = [];
  /** What CloudWatch would say, newest minute last. */
  metric: (query: MetricQuery, minutes: number) => (number | undefined)[] = (_, minutes) =>
    new Array<undefined>(minutes).fill(undefined);

  constructor() {
    const { autoScalingTurnSeconds } = awsDelays;
    this.kernel = new Kernel(settingsWith({ delays: { ...noDelays, autoScalingTurnSeconds } }), this.clock);
    this.kernel.judge = () => undefined;
    this.ec2 = new FakeEc2(this.kernel);
    this.kernel.register(this.ec2);
    this.kernel.register(new LoadBalancingService(this.kernel, { traffic: () => this.traffic, record: () => {} }));
    this.kernel.register(
      new AutoScalingService(this.kernel, { lastMinutes: (query, minutes) => this.metric(query, minutes) }),
    );
    this.kernel.on("aws.event", (event) => this.events.push(event));
  }

  call<O = unknown>(operation: string, input: unknown): Promise<O> {
    return this.kernel.call<O>("autoscaling", operation, input, admin);
  }

  balancing<O>(operation: string, input: unknown): Promise<O> {
    return this.kernel.call<O>("elasticloadbalancing", operation, input, admin);
  }

  /** Creates group `web` of two instances in three subnets, changed by `settings`. */
  async create(settings: Partial<CreateAutoScalingGroupCommandInput> = {}): Promise<void> {
    await this.call("CreateAutoScalingGroup", {
      AutoScalingGroupName: "web",
      LaunchTemplate: { LaunchTemplateId: "lt-1", Version: "2" },
      MinSize: 2,
      MaxSize: 6,
      VPCZoneIdentifier: "subnet-a,subnet-b,subnet-c",
      ...settings,
    });
  }

  /** A target group behind a listener of its own. */
  async targetGroup(name = "web", port = 80): Promise<string> {
    const { TargetGroups } = await this.balancing<{ TargetGroups: [{ TargetGroupArn: string }] }>("CreateTargetGroup", {
      Name: name,
      Protocol: "HTTP",
      Port: 8080,
      VpcId: "vpc-1",
      HealthCheckIntervalSeconds: 10,
      HealthCheckTimeoutSeconds: 5,
    });
    const { LoadBalancers } = await this.balancing<{ LoadBalancers: [{ LoadBalancerArn: string }] }>(
      "CreateLoadBalancer",
      {
        Name: name,
        Subnets: ["subnet-a", "subnet-b"],
      },
    );
    const TargetGroupArn = TargetGroups[0].TargetGroupArn;
    const { LoadBalancerArn } = LoadBalancers[0];
    const DefaultActions = [{ Type: "forward", TargetGroupArn }];
    await this.balancing("CreateListener", { LoadBalancerArn, Protocol: "HTTP", Port: port, DefaultActions });
    return TargetGroupArn;
  }

  async group(): Promise<AutoScalingGroup | undefined> {
    const { AutoScalingGroups } = await this.call<{ AutoScalingGroups: AutoScalingGroup[] }>(
      "DescribeAutoScalingGroups",
      {
        AutoScalingGroupNames: ["web"],
      },
    );
    return AutoScalingGroups[0];
  }

  /** Lifecycle states of the group's instances, sorted. */
  async states(): Promise<string[]> {
    return ((await this.group())?.Instances ?? []).map(({ LifecycleState }) => LifecycleState ?? "").sort();
  }

  async ids(state = "InService"): Promise<string[]> {
    const instances = (await this.group())?.Instances ?? [];
    return instances.filter(({ LifecycleState }) => LifecycleState === state).map(({ InstanceId }) => InstanceId ?? "");
  }

  async activities(): Promise<Activity[]> {
    const { Activities } = await this.call<{ Activities: Activity[] }>("DescribeScalingActivities", {
      AutoScalingGroupName: "web",
    });
    return Activities;
  }

  async healthIn(targetGroup: string): Promise<string[]> {
    const { TargetHealthDescriptions } = await this.balancing<{
      TargetHealthDescriptions: { TargetHealth: { State: string } }[];
    }>("DescribeTargetHealth", { TargetGroupArn: targetGroup });
    return TargetHealthDescriptions.map(({ TargetHealth }) => TargetHealth.State).sort();
  }

  seconds(seconds: number): Promise<void> {
    return this.clock.advance(seconds * 1000);
  }
}
