import type {
  DescribeInstanceStatusCommandOutput,
  DescribeInstancesCommandOutput,
  DescribeLaunchTemplateVersionsCommandOutput,
  DescribeSubnetsCommandOutput,
  Instance,
  LaunchTemplateVersion,
  RunInstancesCommandInput,
  RunInstancesCommandOutput,
} from "@aws-sdk/client-ec2";
import type {
  DescribeTargetGroupsCommandOutput,
  DescribeTargetHealthCommandOutput,
  TargetHealth,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { AwsError } from "../core/aws-error.ts";
import type { Caller, Kernel } from "../core/kernel.ts";
import { invalid } from "./errors.ts";

/** Values one EC2 filter takes. Source: "The maximum number of filter values specified in a single request is 200". */
const filterValues = 200;

/** Calls to EC2 and Elastic Load Balancing that Auto Scaling makes by itself, under its service-linked role. */
export class Neighbours {
  readonly #kernel: Kernel;
  readonly #self: Caller;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#self = kernel.serviceCaller("autoscaling.amazonaws.com");
  }

  /** Instances EC2 knows at present, by id. A filter, unlike a list of ids, does not fail for one that is not there yet. */
  async instances(ids: readonly string[]): Promise<Map<string, Instance>> {
    const found = new Map<string, Instance>();
    for (let from = 0; from < ids.length; from += filterValues) {
      const Filters = [{ Name: "instance-id", Values: ids.slice(from, from + filterValues) }];
      const { Reservations = [] } = await this.#ec2<DescribeInstancesCommandOutput>("DescribeInstances", { Filters });
      for (const instance of Reservations.flatMap(({ Instances = [] }) => Instances)) {
        found.set(instance.InstanceId ?? "", instance);
      }
    }
    return found;
  }

  /** Ids of all instances whose status checks fail. */
  async impaired(): Promise<Set<string>> {
    const Filters = [{ Name: "instance-status.status", Values: ["impaired"] }];
    const answer = await this.#ec2<DescribeInstanceStatusCommandOutput>("DescribeInstanceStatus", { Filters });
    return new Set((answer.InstanceStatuses ?? []).map(({ InstanceId }) => InstanceId ?? ""));
  }

  run(input: RunInstancesCommandInput): Promise<RunInstancesCommandOutput> {
    return this.#ec2("RunInstances", input);
  }

  /** @returns Whether EC2 knows the instance: one that is gone, and one that it does not show yet, it does not. */
  async terminate(id: string): Promise<boolean> {
    try {
      await this.#ec2("TerminateInstances", { InstanceIds: [id] });
      return true;
    } catch (error) {
      if (error instanceof AwsError && error.code === "InvalidInstanceID.NotFound") return false;
      throw error;
    }
  }

  async subnets(ids: readonly string[]) {
    const Filters = [{ Name: "subnet-id", Values: [...ids] }];
    return (await this.#ec2<DescribeSubnetsCommandOutput>("DescribeSubnets", { Filters })).Subnets ?? [];
  }

  async defaultSubnets(zones: readonly string[]) {
    const Filters = [
      { Name: "availability-zone", Values: [...zones] },
      { Name: "default-for-az", Values: ["true"] },
    ];
    return (await this.#ec2<DescribeSubnetsCommandOutput>("DescribeSubnets", { Filters })).Subnets ?? [];
  }

  /** One version of a launch template; `version` may be `$Latest` or `$Default`. */
  async template(
    name: { id?: string | undefined; name?: string | undefined },
    version: string,
  ): Promise<LaunchTemplateVersion | undefined> {
    const input = { LaunchTemplateId: name.id, LaunchTemplateName: name.name, Versions: [version] };
    const answer = await this.#ec2<DescribeLaunchTemplateVersionsCommandOutput>(
      "DescribeLaunchTemplateVersions",
      input,
    );
    return answer.LaunchTemplateVersions?.[0];
  }

  /**
   * Asks EC2 whether `caller` may launch this, without launching it.
   * @throws {AwsError} AccessDenied or ValidationError, with EC2's reason.
   */
  async mayRun(input: RunInstancesCommandInput, caller: Caller): Promise<void> {
    try {
      await this.#kernel.call("ec2", "RunInstances", { ...input, DryRun: true }, caller, "autoscaling.amazonaws.com");
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      if (error.code === "UnauthorizedOperation") {
        const template = input.LaunchTemplate?.LaunchTemplateId;
        throw new AwsError(
          "AccessDenied",
          `You are not authorized to use launch template: ${template}. ${error.message}`,
          403,
        );
      }
      if (error.code === "DryRunOperation") return;
      // What this cloud lacks must stay recognisable as such.
      if (error.status >= 500) throw error;
      throw invalid(`You must use a valid fully-formed launch template. ${error.message}`);
    }
  }

  async register(groupArn: string, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#balancing("RegisterTargets", { TargetGroupArn: groupArn, Targets: ids.map((Id) => ({ Id })) });
  }

  /** Succeeds when the target group is gone. */
  async deregister(groupArn: string, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#unlessGone(() =>
      this.#balancing("DeregisterTargets", { TargetGroupArn: groupArn, Targets: ids.map((Id) => ({ Id })) }),
    );
  }

  /** Health of these instances in a target group; empty when the group is gone. */
  async targetHealth(groupArn: string, ids: readonly string[]): Promise<Map<string, TargetHealth>> {
    if (ids.length === 0) return new Map();
    const input = { TargetGroupArn: groupArn, Targets: ids.map((Id) => ({ Id })) };
    const answer = await this.#unlessGone(() =>
      this.#balancing<DescribeTargetHealthCommandOutput>("DescribeTargetHealth", input),
    );
    const described = answer?.TargetHealthDescriptions ?? [];
    return new Map(described.map(({ Target, TargetHealth }) => [Target?.Id ?? "", TargetHealth ?? {}]));
  }

  /** Whether all of these target groups exist. */
  async targetGroupsExist(arns: readonly string[]): Promise<boolean> {
    if (arns.length === 0) return true;
    const input = { TargetGroupArns: [...arns] };
    const answer = await this.#unlessGone(() =>
      this.#balancing<DescribeTargetGroupsCommandOutput>("DescribeTargetGroups", input),
    );
    return answer !== undefined;
  }

  async #unlessGone<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof AwsError && error.code === "TargetGroupNotFound") return undefined;
      throw error;
    }
  }

  #ec2<O>(operation: string, input: unknown): Promise<O> {
    return this.#kernel.call<O>("ec2", operation, input, this.#self, "autoscaling.amazonaws.com");
  }

  #balancing<O>(operation: string, input: unknown): Promise<O> {
    return this.#kernel.call<O>("elasticloadbalancing", operation, input, this.#self, "autoscaling.amazonaws.com");
  }
}
