import type { Subnet } from "@aws-sdk/client-ec2";
import type { Action, RuleCondition, TargetHealth } from "@aws-sdk/client-elastic-load-balancing-v2";
import { VirtualClock } from "../../../local/core/clock.ts";
import { type Delays, noDelays } from "../../../local/core/delays.ts";
import { Kernel, type Service } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { type BalancingPorts, LoadBalancingService } from "../../../local/load-balancing/service.ts";
import type {
  ProbeOutcome,
  ProbeRequest,
  TrafficCounts,
  TrafficDriver,
} from "../../../local/load-balancing/traffic.ts";

/** A data plane without sockets: each instance's health checks get the outcome set for it. */
export class ScriptedTraffic implements TrafficDriver {
  readonly outcomes = new Map<string, ProbeOutcome>();
  readonly probes: ProbeRequest[] = [];
  readonly cuts: string[] = [];
  counts: TrafficCounts[] = [];

  update(): void {}
  async probe(request: ProbeRequest): Promise<ProbeOutcome> {
    this.probes.push(request);
    return this.outcomes.get(request.instanceId) ?? { kind: "answered", status: 200 };
  }
  cut(key: string): void {
    this.cuts.push(key);
  }
  takeCounts(): TrafficCounts[] {
    return this.counts.splice(0);
  }
  async stop(): Promise<void> {}
}

const subnets: Subnet[] = ["a", "b", "c"].map((letter) => ({
  SubnetId: `subnet-${letter}`,
  VpcId: "vpc-1",
  AvailabilityZone: `us-east-1${letter}`,
}));

/** As much of EC2 as a load balancer asks for: three subnets of one VPC, and instances that are in the given state. */
export class FakeEc2 implements Service {
  readonly id = "ec2";
  readonly states = new Map<string, string>();
  readonly operations = {
    DescribeSubnets: {
      run: (input: { Filters: [{ Values: string[] }] }) => ({
        Subnets: subnets.filter(({ SubnetId = "" }) => input.Filters[0].Values.includes(SubnetId)),
      }),
    },
    DescribeSecurityGroups: { run: () => ({ SecurityGroups: [{ GroupId: "sg-default" }] }) },
    DescribeInstances: {
      run: (input: { Filters: [{ Values: string[] }] }) => ({
        Reservations: [
          {
            Instances: input.Filters[0].Values.filter((id) => this.states.has(id)).map((InstanceId) => ({
              InstanceId,
              VpcId: "vpc-1",
              State: { Name: this.states.get(InstanceId) },
            })),
          },
        ],
      }),
    },
  };
}

export interface Recorded {
  name: string;
  dimensions: Readonly<Record<string, string>>;
  value: number;
}

/** A kernel with load balancing on a virtual clock, and short words for what tests do with it. */
export class World {
  readonly clock: VirtualClock;
  readonly ec2 = new FakeEc2();
  readonly traffic = new ScriptedTraffic();
  readonly recorded: Recorded[] = [];
  readonly kernel: Kernel;
  readonly service: LoadBalancingService;

  /** @param stateDirectory Where a second world finds what the first one left; none keeps everything in memory. */
  constructor(
    delays: Partial<Delays> = {},
    traffic: BalancingPorts["traffic"] = () => this.traffic,
    stateDirectory?: string,
    startMs?: number,
  ) {
    this.clock = new VirtualClock(startMs);
    this.kernel = new Kernel(
      settingsWith({ delays: { ...noDelays, ...delays }, stateDirectory, requestLimits: "none" }),
      this.clock,
    );
    this.kernel.judge = () => undefined;
    this.service = new LoadBalancingService(this.kernel, {
      traffic,
      record: (_, name, dimensions, value) => this.recorded.push({ name, dimensions, value }),
    });
    this.kernel.register(this.ec2);
    this.kernel.register(this.service);
    for (const id of ["i-00000001", "i-00000002", "i-00000003"]) this.ec2.states.set(id, "running");
  }

  /** Calls an operation as the account's administrator. */
  call<O>(operation: string, input: unknown): Promise<O> {
    const caller = {
      kind: "user",
      arn: "arn:aws:iam::123456789012:user/admin",
      accountId: "123456789012",
      name: "admin",
    } as const;
    return this.kernel.call<O>("elasticloadbalancing", operation, input, caller);
  }

  async balancer(name = "web"): Promise<string> {
    const { LoadBalancers } = await this.call<{ LoadBalancers: { LoadBalancerArn: string }[] }>("CreateLoadBalancer", {
      Name: name,
      Subnets: ["subnet-a", "subnet-b"],
    });
    return LoadBalancers[0]?.LoadBalancerArn ?? "";
  }

  async group(name: string, settings: Record<string, unknown> = {}): Promise<string> {
    const { TargetGroups } = await this.call<{ TargetGroups: { TargetGroupArn: string }[] }>("CreateTargetGroup", {
      Name: name,
      Protocol: "HTTP",
      Port: 8080,
      VpcId: "vpc-1",
      HealthCheckIntervalSeconds: 10,
      HealthCheckTimeoutSeconds: 5,
      HealthyThresholdCount: 3,
      ...settings,
    });
    return TargetGroups[0]?.TargetGroupArn ?? "";
  }

  async listener(balancer: string, actions: Action[], port = 80): Promise<string> {
    const { Listeners } = await this.call<{ Listeners: { ListenerArn: string }[] }>("CreateListener", {
      LoadBalancerArn: balancer,
      Protocol: "HTTP",
      Port: port,
      DefaultActions: actions,
    });
    return Listeners[0]?.ListenerArn ?? "";
  }

  async rule(listener: string, priority: number, conditions: RuleCondition[], actions: Action[]): Promise<string> {
    const { Rules } = await this.call<{ Rules: { RuleArn: string }[] }>("CreateRule", {
      ListenerArn: listener,
      Priority: priority,
      Conditions: conditions,
      Actions: actions,
    });
    return Rules[0]?.RuleArn ?? "";
  }

  async register(group: string, ...ids: string[]): Promise<void> {
    await this.call("RegisterTargets", { TargetGroupArn: group, Targets: ids.map((Id) => ({ Id })) });
  }

  async health(group: string): Promise<TargetHealth[]> {
    const { TargetHealthDescriptions } = await this.call<{
      TargetHealthDescriptions: { TargetHealth: TargetHealth }[];
    }>("DescribeTargetHealth", { TargetGroupArn: group });
    return TargetHealthDescriptions.map(({ TargetHealth }) => TargetHealth);
  }
}

export function forwardTo(...groups: (string | [string, number])[]): Action[] {
  const TargetGroups = groups.map((group) =>
    typeof group === "string" ? { TargetGroupArn: group } : { TargetGroupArn: group[0], Weight: group[1] },
  );
  return [{ Type: "forward", ForwardConfig: { TargetGroups } }];
}

export function fixed(StatusCode: string, MessageBody = ""): Action[] {
  return [{ Type: "fixed-response", FixedResponseConfig: { StatusCode, MessageBody } }];
}

export function path(...values: string[]): RuleCondition {
  return { Field: "path-pattern", Values: values };
}
