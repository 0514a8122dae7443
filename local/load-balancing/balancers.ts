import type { DescribeSecurityGroupsCommandOutput, DescribeSubnetsCommandOutput, Subnet } from "@aws-sdk/client-ec2";
import type {
  CreateLoadBalancerCommandInput,
  CreateLoadBalancerCommandOutput,
  DeleteLoadBalancerCommandInput,
  DescribeLoadBalancerAttributesCommandInput,
  DescribeLoadBalancerAttributesCommandOutput,
  DescribeLoadBalancersCommandInput,
  DescribeLoadBalancersCommandOutput,
  LoadBalancer,
  ModifyLoadBalancerAttributesCommandInput,
  ModifyLoadBalancerAttributesCommandOutput,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Operation, Requirement } from "../core/kernel.ts";
import { balancerAttributes, defaultsOf, listed, withAttributes } from "./attributes.ts";
import type { BalancerDocument } from "./documents.ts";
import { invalid, notFound, unsupported } from "./errors.ts";
import { page } from "./paging.ts";
import type { BalancingPermissions } from "./permissions.ts";
import { nodeCount } from "./propagation.ts";
import type { BalancingState } from "./state.ts";
import { tagRecord } from "./tags.ts";

/** Load balancers per Region. Source: quotas for Application Load Balancers. */
const balancerLimit = 50;

type Output<T> = Omit<T, "$metadata">;

/** What happens to the rest of the service when a load balancer comes or goes. */
export interface BalancerEvents {
  activated(arn: string): void;
  deleted(arn: string): void;
}

/** Load balancers themselves: create, describe, delete, attributes. */
export class Balancers {
  readonly #kernel: Kernel;
  readonly #state: BalancingState;
  readonly #permissions: BalancingPermissions;
  readonly #events: BalancerEvents;

  constructor(kernel: Kernel, state: BalancingState, permissions: BalancingPermissions, events: BalancerEvents) {
    this.#kernel = kernel;
    this.#state = state;
    this.#permissions = permissions;
    this.#events = events;
    kernel.jobs.on<{ arn: string }>("elasticloadbalancing.activate", ({ arn }) => this.#activate(arn));
  }

  operations(): Record<string, Operation> {
    const onBalancer = (action: string) => (input: { LoadBalancerArn?: string | undefined }) => [
      this.#permissions.on(action, input.LoadBalancerArn),
    ];
    return {
      CreateLoadBalancer: {
        permissions: (input: CreateLoadBalancerCommandInput) => this.#neededToCreate(input),
        run: (input: CreateLoadBalancerCommandInput) => this.#create(input),
      },
      DescribeLoadBalancers: { run: (input: DescribeLoadBalancersCommandInput) => this.#describe(input) },
      DeleteLoadBalancer: {
        permissions: onBalancer("DeleteLoadBalancer"),
        run: (input: DeleteLoadBalancerCommandInput) => this.#delete(input.LoadBalancerArn ?? ""),
      },
      DescribeLoadBalancerAttributes: {
        run: (
          input: DescribeLoadBalancerAttributesCommandInput,
        ): Output<DescribeLoadBalancerAttributesCommandOutput> => ({
          Attributes: listed(this.#state.balancer(input.LoadBalancerArn ?? "").attributes),
        }),
      },
      ModifyLoadBalancerAttributes: {
        permissions: onBalancer("ModifyLoadBalancerAttributes"),
        run: (input: ModifyLoadBalancerAttributesCommandInput) => this.#modifyAttributes(input),
      },
    };
  }

  #neededToCreate(input: CreateLoadBalancerCommandInput): Requirement[] {
    const arn = this.#permissions.future(`loadbalancer/app/${input.Name}/*`);
    const needed = this.#permissions.creating("CreateLoadBalancer", arn, arn, input.Tags);
    const context = {
      "elasticloadbalancing:Scheme": input.Scheme ?? "internet-facing",
      "elasticloadbalancing:Subnet": subnetIds(input),
      "elasticloadbalancing:SecurityGroup": input.SecurityGroups ?? [],
    };
    return needed.map((one, index) => (index === 0 ? { ...one, context: { ...one.context, ...context } } : one));
  }

  async #create(input: CreateLoadBalancerCommandInput): Promise<Output<CreateLoadBalancerCommandOutput>> {
    const { Name = "", Type = "application", Scheme = "internet-facing", IpAddressType = "ipv4" } = input;
    if (!/^(?!internal-)(?!-)[A-Za-z0-9-]{1,32}(?<!-)$/.test(Name))
      throw invalid(`Load balancer name '${Name}' is not valid`);
    if (Type !== "application") throw unsupported(`the type '${Type}'`);
    if (IpAddressType !== "ipv4") throw unsupported(`the IP address type '${IpAddressType}'`);
    if (input.SubnetMappings?.some(({ AllocationId, PrivateIPv4Address }) => AllocationId ?? PrivateIPv4Address)) {
      throw invalid("Application Load Balancers do not take addresses in SubnetMappings");
    }
    const tags = tagRecord(input.Tags);
    const subnets = await this.#subnets(subnetIds(input));
    const vpcId = subnets[0]?.VpcId ?? "";
    const securityGroups = await this.#securityGroups(input.SecurityGroups, vpcId);
    const zones = subnets.map((subnet) => ({ zone: subnet.AvailabilityZone ?? "", subnetId: subnet.SubnetId ?? "" }));
    const settings = { scheme: Scheme, zones, securityGroups };
    const known = this.#state.balancers.list().find((balancer) => balancer.name === Name);
    if (known) {
      // Source: "This operation is idempotent" (CreateLoadBalancer in the API reference).
      const same = { scheme: known.scheme, zones: known.zones, securityGroups: known.securityGroups };
      if (JSON.stringify(same) === JSON.stringify(settings)) return { LoadBalancers: [this.#asApi(known)] };
      const message = `A load balancer with the same name '${Name}' exists, but with different settings`;
      throw new AwsError("DuplicateLoadBalancerName", message);
    }
    if (this.#state.balancers.list().length >= balancerLimit) {
      throw new AwsError("TooManyLoadBalancers", `You have reached the limit of ${balancerLimit} load balancers`);
    }
    const balancer = this.#put({ name: Name, vpcId, ...settings, tags });
    return { LoadBalancers: [this.#asApi(balancer)] };
  }

  #put(
    settings: Pick<BalancerDocument, "name" | "vpcId" | "scheme" | "zones" | "securityGroups" | "tags">,
  ): BalancerDocument {
    const { clock, random, settings: cloud, jobs } = this.#kernel;
    const arn = this.#kernel.arn("elasticloadbalancing", `loadbalancer/app/${settings.name}/${random.hex(16)}`);
    const balancer: BalancerDocument = {
      arn,
      ...settings,
      createdAtMs: clock.now(),
      state: "provisioning",
      attributes: defaultsOf(balancerAttributes),
      publishedVersion: 0,
      nodeVersions: new Array<number>(nodeCount).fill(0),
    };
    this.#state.balancers.put(arn, balancer);
    const delayMs = cloud.delays.loadBalancerActiveSeconds * 1000;
    if (delayMs === 0) this.#activate(arn);
    else
      jobs.schedule(
        "elasticloadbalancing.activate",
        clock.now() + delayMs,
        { arn },
        `elasticloadbalancing.activate#${arn}`,
      );
    return balancer;
  }

  #activate(arn: string): void {
    const balancer = this.#state.balancers.get(arn);
    if (!balancer || balancer.state === "active") return;
    this.#state.balancers.put(arn, { ...balancer, state: "active" });
    this.#events.activated(arn);
  }

  async #subnets(ids: string[]): Promise<Subnet[]> {
    if (ids.length === 0) throw invalid("You must specify either subnets or subnet mappings");
    const input = { Filters: [{ Name: "subnet-id", Values: ids }] };
    const { Subnets = [] } = await this.#asBalancing<DescribeSubnetsCommandOutput>("DescribeSubnets", input);
    const missing = ids.filter((id) => !Subnets.some(({ SubnetId }) => SubnetId === id));
    if (missing.length > 0)
      throw new AwsError("SubnetNotFound", `The subnet ID '${missing.join(", ")}' does not exist`);
    const zones = new Set(Subnets.map(({ AvailabilityZone }) => AvailabilityZone));
    if (zones.size < 2) throw invalid("At least two subnets in two different Availability Zones must be specified");
    if (zones.size < ids.length) {
      throw new AwsError(
        "InvalidConfigurationRequest",
        "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
      );
    }
    if (new Set(Subnets.map(({ VpcId }) => VpcId)).size > 1) throw invalid("All subnets must belong to the same VPC");
    return Subnets.sort((a, b) => ((a.AvailabilityZone ?? "") < (b.AvailabilityZone ?? "") ? -1 : 1));
  }

  /** The groups asked for, or the default one of the VPC. */
  async #securityGroups(ids: readonly string[] | undefined, vpcId: string): Promise<string[]> {
    const wanted = ids?.length
      ? { Filters: [{ Name: "group-id", Values: [...ids] }] }
      : {
          Filters: [
            { Name: "vpc-id", Values: [vpcId] },
            { Name: "group-name", Values: ["default"] },
          ],
        };
    const { SecurityGroups = [] } = await this.#asBalancing<DescribeSecurityGroupsCommandOutput>(
      "DescribeSecurityGroups",
      wanted,
    );
    const missing = (ids ?? []).filter((id) => !SecurityGroups.some(({ GroupId }) => GroupId === id));
    if (missing.length > 0)
      throw new AwsError("InvalidSecurityGroup", `One or more security groups are invalid: ${missing.join(", ")}`);
    return SecurityGroups.map(({ GroupId }) => GroupId ?? "");
  }

  #asBalancing<O>(operation: string, input: unknown): Promise<O> {
    return this.#kernel.call<O>(
      "ec2",
      operation,
      input,
      this.#kernel.serviceCaller("elasticloadbalancing.amazonaws.com"),
    );
  }

  #describe(input: DescribeLoadBalancersCommandInput): Output<DescribeLoadBalancersCommandOutput> {
    const { LoadBalancerArns: arns, Names: names } = input;
    if (arns?.length && names?.length)
      throw invalid("Load balancer names and ARNs cannot be specified at the same time");
    let found = this.#state.balancers.list();
    if (arns?.length) found = arns.map((arn) => this.#state.balancer(arn));
    if (names?.length) {
      found = names.map(
        (name) =>
          found.find((one) => one.name === name) ?? notFound("LoadBalancer", `Load balancers '[${name}]' not found`),
      );
    }
    const { items, NextMarker } = page(found, input);
    return { LoadBalancers: items.map((balancer) => this.#asApi(balancer)), NextMarker };
  }

  #delete(arn: string): Record<string, never> {
    const balancer = this.#state.balancers.get(arn);
    // Source: "If the load balancer does not exist or has already been deleted, the call succeeds".
    if (!balancer) return {};
    if (balancer.attributes["deletion_protection.enabled"] === "true") {
      throw new AwsError(
        "OperationNotPermitted",
        `Load balancer '${arn}' cannot be deleted because deletion protection is enabled`,
      );
    }
    this.#kernel.jobs.cancel(`elasticloadbalancing.activate#${arn}`);
    this.#events.deleted(arn);
    return {};
  }

  #modifyAttributes(
    input: ModifyLoadBalancerAttributesCommandInput,
  ): Output<ModifyLoadBalancerAttributesCommandOutput> {
    const balancer = this.#state.balancer(input.LoadBalancerArn ?? "");
    const attributes = withAttributes(balancerAttributes, balancer.attributes, input.Attributes ?? []);
    this.#state.balancers.put(balancer.arn, { ...balancer, attributes });
    return { Attributes: listed(attributes) };
  }

  /** `DNSName` is this machine's loopback address: the port is the listener's, see the service's `endpoints`. */
  #asApi(balancer: Readonly<BalancerDocument>): LoadBalancer {
    return {
      LoadBalancerArn: balancer.arn,
      LoadBalancerName: balancer.name,
      DNSName: "127.0.0.1",
      // The zone of Application Load Balancers in us-east-1. Source: "Elastic Load Balancing endpoints and quotas".
      CanonicalHostedZoneId: "Z35SXDOTRQ7X7K",
      CreatedTime: new Date(balancer.createdAtMs),
      Scheme: balancer.scheme,
      VpcId: balancer.vpcId,
      State: { Code: balancer.state },
      Type: "application",
      AvailabilityZones: balancer.zones.map(({ zone, subnetId }) => ({
        ZoneName: zone,
        SubnetId: subnetId,
        LoadBalancerAddresses: [],
      })),
      SecurityGroups: balancer.securityGroups,
      IpAddressType: "ipv4",
    };
  }
}

function subnetIds(input: CreateLoadBalancerCommandInput): string[] {
  if (input.Subnets?.length && input.SubnetMappings?.length) {
    throw invalid("You must specify either subnets or subnet mappings, but not both");
  }
  return input.Subnets ?? (input.SubnetMappings ?? []).map(({ SubnetId }) => SubnetId ?? "");
}
