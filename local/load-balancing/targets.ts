import type { DescribeInstancesCommandOutput, Instance } from "@aws-sdk/client-ec2";
import type {
  DeregisterTargetsCommandInput,
  DescribeTargetHealthCommandInput,
  DescribeTargetHealthCommandOutput,
  RegisterTargetsCommandInput,
  TargetDescription,
  TargetHealthDescription,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Operation } from "../core/kernel.ts";
import type { GroupDocument, TargetDocument } from "./documents.ts";
import { invalid } from "./errors.ts";
import type { BalancingPermissions } from "./permissions.ts";
import type { BalancingState } from "./state.ts";
import type { TargetHealth } from "./target-health.ts";

/** Targets per target group. Source: quotas for Application Load Balancers. */
const targetLimit = 1000;

/** Registration of targets with groups, and what is known about their health. */
export class Targets {
  readonly #kernel: Kernel;
  readonly #state: BalancingState;
  readonly #permissions: BalancingPermissions;
  readonly #health: TargetHealth;

  constructor(kernel: Kernel, state: BalancingState, permissions: BalancingPermissions, health: TargetHealth) {
    this.#kernel = kernel;
    this.#state = state;
    this.#permissions = permissions;
    this.#health = health;
  }

  operations(): Record<string, Operation> {
    const onGroup = (action: string) => (input: { TargetGroupArn?: string | undefined }) => [
      this.#permissions.on(action, input.TargetGroupArn),
    ];
    return {
      RegisterTargets: {
        permissions: onGroup("RegisterTargets"),
        run: (input: RegisterTargetsCommandInput) => this.#register(input),
      },
      DeregisterTargets: {
        permissions: onGroup("DeregisterTargets"),
        run: (input: DeregisterTargetsCommandInput) => this.#deregister(input),
      },
      DescribeTargetHealth: { run: (input: DescribeTargetHealthCommandInput) => this.#describe(input) },
    };
  }

  async #register(input: RegisterTargetsCommandInput): Promise<Record<string, never>> {
    const group = this.#state.group(input.TargetGroupArn ?? "");
    const targets = named(group, input.Targets);
    const added = targets.filter(({ id, port }) => !this.#state.target(group.arn, id, port)).length;
    if (this.#state.targetsOf(group.arn).length + added > targetLimit) {
      throw new AwsError("TooManyTargets", `A target group has at most ${targetLimit} targets`);
    }
    const instances = await this.#instances(group, [...new Set(targets.map(({ id }) => id))]);
    for (const { id, port } of targets) {
      this.#health.register({ groupArn: group.arn, id, port }, instances.get(id)?.InstanceId ?? id);
    }
    return {};
  }

  /** Finds the instances behind ids or addresses; all of them must be running in the group's VPC. */
  async #instances(group: Readonly<GroupDocument>, ids: string[]): Promise<Map<string, Instance>> {
    const byIp = group.targetType === "ip";
    const Filters = [{ Name: byIp ? "private-ip-address" : "instance-id", Values: ids }];
    const caller = this.#kernel.serviceCaller("elasticloadbalancing.amazonaws.com");
    const found = await this.#kernel.call<DescribeInstancesCommandOutput>(
      "ec2",
      "DescribeInstances",
      { Filters },
      caller,
    );
    const instances = new Map<string, Instance>();
    for (const instance of (found.Reservations ?? []).flatMap(({ Instances = [] }) => Instances)) {
      // A terminated instance keeps its last address in sight for a while, but it is not its owner any more.
      if (byIp && instance.State?.Name === "terminated") continue;
      instances.set((byIp ? instance.PrivateIpAddress : instance.InstanceId) ?? "", instance);
    }
    const missing = ids.filter((id) => !instances.has(id));
    if (missing.length > 0)
      throw new AwsError("InvalidTarget", `The following targets do not exist: '${missing.join("', '")}'`);
    const idle = ids.filter((id) => instances.get(id)?.State?.Name !== "running");
    if (idle.length > 0) {
      const message = `The following targets are not in a running state and cannot be registered: '${idle.join("', '")}'`;
      throw new AwsError("InvalidTarget", message);
    }
    const foreign = ids.filter((id) => instances.get(id)?.VpcId !== group.vpcId);
    if (foreign.length > 0) {
      const message = `The following targets are not in the target group VPC '${group.vpcId}': '${foreign.join("', '")}'`;
      throw new AwsError("InvalidTarget", message);
    }
    return instances;
  }

  #deregister(input: DeregisterTargetsCommandInput): Record<string, never> {
    const group = this.#state.group(input.TargetGroupArn ?? "");
    for (const target of input.Targets ?? []) {
      // Without a port every registration of the target ends.
      for (const { groupArn, id, port } of this.#state.targetsOf(group.arn)) {
        if (id === target.Id && (target.Port === undefined || target.Port === port)) {
          this.#health.deregister({ groupArn, id, port });
        }
      }
    }
    return {};
  }

  #describe(input: DescribeTargetHealthCommandInput): Omit<DescribeTargetHealthCommandOutput, "$metadata"> {
    const group = this.#state.group(input.TargetGroupArn ?? "");
    const registered = this.#state.targetsOf(group.arn);
    if (!input.Targets?.length) return { TargetHealthDescriptions: registered.map((target) => asApi(group, target)) };
    const TargetHealthDescriptions = input.Targets.map(({ Id = "", Port = group.port }) => {
      const target = registered.find(({ id, port }) => id === Id && port === Port);
      return target ? asApi(group, target) : unknown(group, Id, Port);
    });
    return { TargetHealthDescriptions };
  }
}

function named(group: Readonly<GroupDocument>, targets: readonly TargetDescription[] | undefined) {
  if (!targets?.length) throw invalid("At least one target must be specified");
  return targets.map(({ Id = "", Port = group.port, AvailabilityZone }) => {
    const valid = group.targetType === "instance" ? /^i-[0-9a-f]{8,17}$/.test(Id) : /^\d{1,3}(\.\d{1,3}){3}$/.test(Id);
    if (!valid) throw invalid(`Target '${Id}' is not valid for the target type '${group.targetType}'`);
    if (AvailabilityZone !== undefined && group.targetType === "instance") {
      throw invalid("You cannot specify an Availability Zone for instance targets");
    }
    return { id: Id, port: Port };
  });
}

function asApi(group: Readonly<GroupDocument>, target: Readonly<TargetDocument>): TargetHealthDescription {
  const { id, port, state, reason, description } = target;
  return {
    Target: { Id: id, Port: port },
    HealthCheckPort: group.health.port === "traffic-port" ? String(port) : group.health.port,
    TargetHealth: { State: state, ...(reason && { Reason: reason }), ...(description && { Description: description }) },
  };
}

function unknown(group: Readonly<GroupDocument>, id: string, port: number): TargetHealthDescription {
  return {
    Target: { Id: id, Port: port },
    HealthCheckPort: group.health.port === "traffic-port" ? String(port) : group.health.port,
    TargetHealth: {
      State: "unused",
      Reason: "Target.NotRegistered",
      Description: "Target is not registered to the target group",
    },
  };
}
