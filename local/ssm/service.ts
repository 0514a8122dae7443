import type { DescribeInstanceInformationCommandInput, InstanceInformation } from "@aws-sdk/client-ssm";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Operation, Service } from "../core/kernel.ts";
import { RunCommand } from "./commands.ts";
import { type InstanceAgents, type ManagedInstance, noAgents } from "./instance-agents.ts";
import { ParameterStore } from "./parameter-store.ts";
import { parameterOperations } from "./parameters.ts";
import { ParameterWriter } from "./put-parameter.ts";
import { ssmRequestLimits } from "./request-limits.ts";

/**
 * AWS Systems Manager: Parameter Store, and Run Command for instances whose image ships the agent and whose role lets it
 * connect. Differences from AWS: no parameter policies; no documents but AWS-RunShellScript, whose time-out counts real
 * time; commands go to all instances at once, whatever MaxConcurrency and MaxErrors say; output goes to no bucket or log
 * group.
 */
export class SsmService implements Service {
  readonly id = "ssm";
  readonly limits = ssmRequestLimits;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #store: ParameterStore;

  constructor(kernel: Kernel, agents: InstanceAgents = noAgents) {
    this.#store = new ParameterStore(kernel);
    this.operations = {
      ...parameterOperations(this.#store, new ParameterWriter(this.#store)),
      ...new RunCommand(kernel, agents).operations,
      DescribeInstanceInformation: {
        run: (input: DescribeInstanceInformationCommandInput) => ({
          InstanceInformationList: agents
            .registered()
            .filter((instance) => wanted(instance, input))
            .map((instance) => describeInstance(kernel, instance)),
        }),
      },
    };
  }

  /**
   * Puts one of AWS's public parameters into the cloud, or a new version of it when the value changed.
   * @param name Begins with `/aws/service/`.
   */
  seedPublic(name: string, value: string, dataType: "text" | "aws:ec2:image" = "text"): void {
    const versions = this.#store.parameters.get(name)?.versions ?? [];
    const last = versions.at(-1);
    if (last?.value === value) return;
    const version = {
      version: (last?.version ?? 0) + 1,
      type: "String",
      value,
      dataType,
      tier: "Standard",
      modifiedAtMs: this.#store.kernel.clock.now(),
      modifiedBy: "",
      labels: [],
    };
    this.#store.parameters.put(name, { name, tags: {}, versions: [...versions, version], isPublic: true });
  }
}

function wanted(instance: ManagedInstance, input: DescribeInstanceInformationCommandInput): boolean {
  const filters = [
    ...(input.Filters ?? []).map(({ Key = "", Values = [] }) => ({ key: Key, values: Values })),
    ...(input.InstanceInformationFilterList ?? []).map(({ key = "", valueSet = [] }) => ({
      key: key as string,
      values: valueSet,
    })),
  ];
  return filters.every(({ key, values }) => {
    if (key === "InstanceIds") return values.includes(instance.instanceId);
    if (key === "PingStatus") return values.includes(pingStatus(instance));
    if (key === "PlatformTypes") return values.includes("Linux");
    if (key === "ResourceType") return values.includes("EC2Instance");
    if (key.startsWith("tag:")) return values.includes(instance.tags[key.slice("tag:".length)] ?? "");
    throw new AwsError("InvalidFilterKey", `The embedded cloud has no filter ${key} of DescribeInstanceInformation.`);
  });
}

function pingStatus({ isOnline }: ManagedInstance): "Online" | "ConnectionLost" {
  return isOnline ? "Online" : "ConnectionLost";
}

function describeInstance(kernel: Kernel, instance: ManagedInstance): InstanceInformation {
  return {
    InstanceId: instance.instanceId,
    PingStatus: pingStatus(instance),
    LastPingDateTime: new Date(kernel.clock.now()),
    AgentVersion: "3.3.2299.0",
    IsLatestVersion: true,
    PlatformType: "Linux",
    PlatformName: instance.platformName,
    PlatformVersion: instance.platformVersion,
    RegistrationDate: new Date(instance.registeredAtMs),
    ResourceType: "EC2Instance",
    IPAddress: instance.ipAddress,
    ComputerName: instance.computerName,
  };
}
