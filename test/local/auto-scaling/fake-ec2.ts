import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { AwsError } from "../../../local/core/aws-error.ts";
import type { Kernel, Service } from "../../../local/core/kernel.ts";

interface FakeInstance {
  InstanceId: string;
  SubnetId: string;
  VpcId: string;
  InstanceType: string;
  Placement: { AvailabilityZone: string };
  State: { Name: string };
  Tags: { Key?: string | undefined; Value?: string | undefined }[];
  StateReason?: { Message: string };
}

const zoneOf = (subnetId: string) => `us-east-1${subnetId.at(-1)}`;

/** As much of EC2 as a group needs: instances boot in 18 s, end in 20 s, and room can run out per subnet or type. */
export class FakeEc2 implements Service {
  readonly id = "ec2";
  readonly instances = new Map<string, FakeInstance>();
  /** Error code for launches into a subnet or of a type. */
  readonly refusals = new Map<string, string>();
  /** Instances whose boot ends in termination with this reason. */
  bootFailure: string | undefined;
  readonly runs: RunInstancesCommandInput[] = [];
  readonly impaired = new Set<string>();
  readonly #kernel: Kernel;
  readonly #tokens = new Map<string, FakeInstance>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  readonly operations = {
    RunInstances: {
      run: (input: RunInstancesCommandInput & { DryRun?: boolean }) => ({ Instances: [this.#run(input)] }),
    },
    TerminateInstances: {
      run: ({ InstanceIds }: { InstanceIds: string[] }) => {
        for (const id of InstanceIds) this.terminate(id);
        return {};
      },
    },
    DescribeInstances: {
      run: ({ Filters: [{ Values }] }: { Filters: [{ Values: string[] }] }) => ({
        Reservations: [{ Instances: Values.flatMap((id) => this.instances.get(id) ?? []) }],
      }),
    },
    DescribeInstanceStatus: {
      run: () => ({ InstanceStatuses: [...this.impaired].map((InstanceId) => ({ InstanceId })) }),
    },
    DescribeSubnets: {
      run: ({ Filters: [{ Values }] }: { Filters: [{ Values: string[] }] }) => ({
        Subnets: Values.filter((id) => /^subnet-[abc]$/.test(id)).map((SubnetId) => ({
          SubnetId,
          VpcId: "vpc-1",
          AvailabilityZone: zoneOf(SubnetId),
        })),
      }),
    },
    DescribeSecurityGroups: { run: () => ({ SecurityGroups: [{ GroupId: "sg-default" }] }) },
    DescribeLaunchTemplateVersions: {
      run: (input: { LaunchTemplateId?: string; LaunchTemplateName?: string; Versions: [string] }) => {
        if (![input.LaunchTemplateId, input.LaunchTemplateName].some((name) => name === "lt-1" || name === "web")) {
          throw new AwsError("InvalidLaunchTemplateId.NotFound", "The specified launch template does not exist.");
        }
        const [version] = input.Versions;
        const VersionNumber = version.startsWith("$") ? 3 : Number(version);
        const LaunchTemplateData = { ImageId: "ami-1", InstanceType: "t3.small" };
        const names = { LaunchTemplateId: "lt-1", LaunchTemplateName: "web" };
        return { LaunchTemplateVersions: [{ ...names, VersionNumber, LaunchTemplateData }] };
      },
    },
  };

  #run(input: RunInstancesCommandInput & { DryRun?: boolean }): FakeInstance {
    if (input.DryRun)
      throw new AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
    this.runs.push(input);
    const known = this.#tokens.get(input.ClientToken ?? "");
    if (known) return known;
    const { SubnetId = "", InstanceType = "t3.small" } = input;
    const refusal = this.refusals.get(SubnetId) ?? this.refusals.get(InstanceType);
    if (refusal) throw new AwsError(refusal, `No room: ${refusal}.`, 500);
    const instance: FakeInstance = {
      InstanceId: `i-${this.#kernel.random.hex(17)}`,
      SubnetId,
      VpcId: "vpc-1",
      InstanceType,
      Placement: { AvailabilityZone: zoneOf(SubnetId) },
      State: { Name: "pending" },
      Tags: input.TagSpecifications?.[0]?.Tags ?? [],
    };
    this.instances.set(instance.InstanceId, instance);
    this.#tokens.set(input.ClientToken ?? "", instance);
    const failure = this.bootFailure;
    this.#later(18, instance, () => {
      if (instance.State.Name !== "pending") return;
      instance.State.Name = failure === undefined ? "running" : "terminated";
      if (failure !== undefined) instance.StateReason = { Message: failure };
    });
    return instance;
  }

  terminate(id: string): void {
    const instance = this.instances.get(id);
    if (!instance || instance.State.Name === "terminated") return;
    instance.State.Name = "shutting-down";
    this.#kernel.emit("ec2.instance.changed", { instanceId: id, state: "shutting-down" });
    this.#later(20, instance, () => {
      instance.State.Name = "terminated";
    });
  }

  ids(state: string): string[] {
    return [...this.instances.values()].filter(({ State }) => State.Name === state).map(({ InstanceId }) => InstanceId);
  }

  #later(seconds: number, instance: FakeInstance, change: () => void): void {
    this.#kernel.clock.at(this.#kernel.clock.now() + seconds * 1000, () => {
      change();
      this.#kernel.emit("ec2.instance.changed", { instanceId: instance.InstanceId, state: instance.State.Name });
    });
  }
}
