import type {
  CreateTargetGroupCommandInput,
  CreateTargetGroupCommandOutput,
  DescribeTargetGroupAttributesCommandInput,
  DescribeTargetGroupAttributesCommandOutput,
  DescribeTargetGroupsCommandInput,
  DescribeTargetGroupsCommandOutput,
  ModifyTargetGroupAttributesCommandInput,
  ModifyTargetGroupAttributesCommandOutput,
  ModifyTargetGroupCommandInput,
  ModifyTargetGroupCommandOutput,
  TargetGroup,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Operation } from "../core/kernel.ts";
import { defaultsOf, groupAttributes, listed, withAttributes } from "./attributes.ts";
import type { GroupDocument } from "./documents.ts";
import { invalid, notFound, unsupported } from "./errors.ts";
import { acceptedHealthCheck } from "./health-check-settings.ts";
import { page } from "./paging.ts";
import type { BalancingPermissions } from "./permissions.ts";
import type { BalancingState } from "./state.ts";
import { tagRecord } from "./tags.ts";
import type { TargetHealth } from "./target-health.ts";

/** Target groups per Region. Source: quotas for Application Load Balancers. */
const groupLimit = 3000;

type Output<T> = Omit<T, "$metadata">;

/** Target groups: create, change, describe, delete. */
export class TargetGroups {
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
      CreateTargetGroup: {
        permissions: (input: CreateTargetGroupCommandInput) => {
          const arn = this.#permissions.future(`targetgroup/${input.Name}/*`);
          return this.#permissions.creating("CreateTargetGroup", arn, arn, input.Tags);
        },
        run: (input: CreateTargetGroupCommandInput) => this.#create(input),
      },
      ModifyTargetGroup: {
        permissions: onGroup("ModifyTargetGroup"),
        run: (input: ModifyTargetGroupCommandInput) => this.#modify(input),
      },
      DescribeTargetGroups: { run: (input: DescribeTargetGroupsCommandInput) => this.#describe(input) },
      DeleteTargetGroup: {
        permissions: onGroup("DeleteTargetGroup"),
        run: (input: { TargetGroupArn?: string }) => this.#delete(input.TargetGroupArn ?? ""),
      },
      DescribeTargetGroupAttributes: {
        run: (
          input: DescribeTargetGroupAttributesCommandInput,
        ): Output<DescribeTargetGroupAttributesCommandOutput> => ({
          Attributes: listed(this.#state.group(input.TargetGroupArn ?? "").attributes),
        }),
      },
      ModifyTargetGroupAttributes: {
        permissions: onGroup("ModifyTargetGroupAttributes"),
        run: (input: ModifyTargetGroupAttributesCommandInput) => this.#modifyAttributes(input),
      },
    };
  }

  #create(input: CreateTargetGroupCommandInput): Output<CreateTargetGroupCommandOutput> {
    const settings = acceptedSettings(input);
    const tags = tagRecord(input.Tags);
    const known = this.#state.groups.list().find(({ name }) => name === settings.name);
    if (known) {
      const { arn: _arn, attributes: _attributes, tags: _tags, ...same } = known;
      // Source: "If you attempt to create multiple target groups with the same settings, each call succeeds".
      if (JSON.stringify(same) === JSON.stringify(settings)) return { TargetGroups: [this.#asApi(known)] };
      const message = `A target group with the same name '${settings.name}' exists, but with different settings`;
      throw new AwsError("DuplicateTargetGroupName", message);
    }
    if (this.#state.groups.list().length >= groupLimit) {
      throw new AwsError("TooManyTargetGroups", `You have reached the limit of ${groupLimit} target groups`);
    }
    const arn = this.#kernel.arn("elasticloadbalancing", `targetgroup/${settings.name}/${this.#kernel.random.hex(16)}`);
    const group: GroupDocument = { ...settings, arn, attributes: defaultsOf(groupAttributes), tags };
    this.#state.groups.put(arn, group);
    return { TargetGroups: [this.#asApi(group)] };
  }

  #modify(input: ModifyTargetGroupCommandInput): Output<ModifyTargetGroupCommandOutput> {
    const group = this.#state.group(input.TargetGroupArn ?? "");
    const changed = { ...group, health: acceptedHealthCheck(input, group.health) };
    this.#state.groups.put(group.arn, changed);
    this.#health.recheck(group.arn);
    return { TargetGroups: [this.#asApi(changed)] };
  }

  #modifyAttributes(input: ModifyTargetGroupAttributesCommandInput): Output<ModifyTargetGroupAttributesCommandOutput> {
    const group = this.#state.group(input.TargetGroupArn ?? "");
    const attributes = withAttributes(groupAttributes, group.attributes, input.Attributes ?? []);
    const slow = attributes["slow_start.duration_seconds"] !== "0";
    if (slow && attributes["load_balancing.algorithm.type"] !== "round_robin") {
      throw new AwsError("InvalidConfigurationRequest", "Slow start works only with the round_robin algorithm");
    }
    this.#state.groups.put(group.arn, { ...group, attributes });
    return { Attributes: listed(attributes) };
  }

  #describe(input: DescribeTargetGroupsCommandInput): Output<DescribeTargetGroupsCommandOutput> {
    const { LoadBalancerArn, TargetGroupArns: arns, Names: names } = input;
    if ([LoadBalancerArn, arns?.length, names?.length].filter(Boolean).length > 1) {
      throw invalid("Specify only one of load balancer ARN, target group ARNs and names");
    }
    let found = this.#state.groups.list();
    if (LoadBalancerArn) {
      const used = this.#state.groupsOf(this.#state.balancer(LoadBalancerArn).arn);
      found = found.filter(({ arn }) => used.includes(arn));
    }
    if (arns?.length) found = arns.map((arn) => this.#state.group(arn));
    if (names?.length) {
      const missing = () => notFound("TargetGroup", "One or more target groups not found");
      found = names.map((name) => found.find((group) => group.name === name) ?? missing());
    }
    const { items, NextMarker } = page(found, input);
    return { TargetGroups: items.map((group) => this.#asApi(group)), NextMarker };
  }

  #delete(arn: string): Record<string, never> {
    // Deleting a group that does not exist succeeds: the API reference lists only ResourceInUse for it.
    if (!this.#state.groups.get(arn)) return {};
    if (this.#state.balancerOf(arn)) {
      throw new AwsError("ResourceInUse", `Target group '${arn}' is currently in use by a listener or a rule`);
    }
    this.#health.forget(arn);
    this.#state.groups.delete(arn);
    return {};
  }

  #asApi(group: Readonly<GroupDocument>): TargetGroup {
    const { health } = group;
    const balancer = this.#state.balancerOf(group.arn);
    return {
      TargetGroupArn: group.arn,
      TargetGroupName: group.name,
      Protocol: group.protocol,
      ProtocolVersion: group.protocolVersion,
      Port: group.port,
      VpcId: group.vpcId,
      TargetType: group.targetType,
      IpAddressType: "ipv4",
      HealthCheckEnabled: true,
      HealthCheckProtocol: health.protocol,
      HealthCheckPort: health.port,
      HealthCheckPath: health.path,
      HealthCheckIntervalSeconds: health.intervalSeconds,
      HealthCheckTimeoutSeconds: health.timeoutSeconds,
      HealthyThresholdCount: health.healthyThreshold,
      UnhealthyThresholdCount: health.unhealthyThreshold,
      Matcher: { HttpCode: health.matcher },
      LoadBalancerArns: balancer ? [balancer.arn] : [],
    };
  }
}

function acceptedSettings(input: CreateTargetGroupCommandInput): Omit<GroupDocument, "arn" | "attributes" | "tags"> {
  const { Name = "", Protocol, ProtocolVersion = "HTTP1", Port, VpcId, TargetType = "instance" } = input;
  if (!/^(?!-)[A-Za-z0-9-]{1,32}(?<!-)$/.test(Name)) throw invalid(`Target group name '${Name}' is not valid`);
  if (TargetType !== "instance" && TargetType !== "ip") throw unsupported(`targets of type '${TargetType}'`);
  if (Protocol === undefined) throw invalid("A protocol must be specified");
  if (Protocol !== "HTTP") throw unsupported(`target groups with the protocol '${Protocol}'`);
  if (ProtocolVersion !== "HTTP1") throw unsupported(`the protocol version '${ProtocolVersion}'`);
  if (input.IpAddressType === "ipv6") throw unsupported("IPv6 target groups");
  if (input.TargetControlPort !== undefined) throw unsupported("the target optimizer (TargetControlPort)");
  if (Port === undefined) throw invalid("A port must be specified");
  if (!Number.isInteger(Port) || Port < 1 || Port > 65_535) throw invalid(`Port '${Port}' must be between 1 and 65535`);
  if (VpcId === undefined) throw invalid("A VPC ID must be specified");
  return {
    name: Name,
    protocol: Protocol,
    protocolVersion: "HTTP1",
    port: Port,
    vpcId: VpcId,
    targetType: TargetType,
    health: acceptedHealthCheck(input, undefined),
  };
}
