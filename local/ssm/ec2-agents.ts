import type { Caller, Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import type { InstanceAgents, ManagedInstance, ScriptLimits, ScriptResult } from "./instance-agents.ts";

/** What Systems Manager asks of EC2: whose agent runs, and to run something through it. */
export interface AgentInstances {
  instance(instanceId: string): Readonly<AgentInstance> | undefined;
  /** The operating system whose agent runs on the instance now; undefined when it has none or is not up. */
  runningAgent(instanceId: string): { platform: string } | undefined;
  runOnInstance(instanceId: string, script: string, limits: ScriptLimits): Promise<ScriptResult>;
}

interface AgentInstance {
  instanceId: string;
  state: string;
  privateIp: string;
  privateDnsName: string;
  instanceProfile?: { Arn: string };
  tags: Readonly<Record<string, string>>;
}

/** The role in an instance profile, by the profile's ARN; undefined when there is none. */
export type RoleOfProfile = (profileArn: string) => { name: string; arn: string } | undefined;

/** An agent that has registered, or will when it may. */
interface AgentRecord {
  instanceId: string;
  /** When the agent of this boot can have registered. */
  readyAtMs: number;
  registeredAtMs?: number;
  platform?: string;
}

/**
 * What an agent needs to be reached: to say that it is there, and one of the two channels that bring it commands.
 * Source: Systems Manager user guide, "ec2messages, ssmmessages, and other API operations".
 */
const reporting = "ssm:UpdateInstanceInformation";
const channels = ["ssmmessages:OpenControlChannel", "ec2messages:GetMessages"];

/**
 * The SSM Agents on EC2 instances. An agent is reached when the instance's image ships it, its machine is up, and the role of
 * its instance profile lets it report and listen. It stays registered until its instance is terminated.
 */
export class Ec2Agents implements InstanceAgents {
  readonly #kernel: Kernel;
  readonly #instances: AgentInstances;
  readonly #roleOf: RoleOfProfile;
  readonly #agents: Collection<AgentRecord>;

  constructor(kernel: Kernel, instances: AgentInstances, roleOf: RoleOfProfile) {
    this.#kernel = kernel;
    this.#instances = instances;
    this.#roleOf = roleOf;
    this.#agents = kernel.store.collection("ssm.agents");
    kernel.on("ec2.instance.changed", ({ instanceId, state, reason }) => {
      if (state === "running" && reason === undefined) this.#booted(instanceId);
      if (state === "terminated") this.#agents.delete(instanceId);
    });
  }

  registered(): readonly ManagedInstance[] {
    return this.#agents.list().flatMap((agent) => this.#managed(agent) ?? []);
  }

  async run(instanceId: string, script: string, limits: ScriptLimits): Promise<ScriptResult> {
    return await this.#instances.runOnInstance(instanceId, script, limits);
  }

  #booted(instanceId: string): void {
    const { instanceBootSeconds, agentRegistrationSeconds } = this.#kernel.settings.delays;
    const readyAtMs = this.#kernel.clock.now() + (instanceBootSeconds + agentRegistrationSeconds) * 1000;
    this.#agents.put(instanceId, { ...this.#agents.get(instanceId), instanceId, readyAtMs });
  }

  #managed(agent: Readonly<AgentRecord>): ManagedInstance | undefined {
    const instance = this.#instances.instance(agent.instanceId);
    if (!instance) return undefined;
    const running = this.#instances.runningAgent(agent.instanceId);
    const isReady = running !== undefined && this.#kernel.clock.now() >= agent.readyAtMs;
    const isOnline = isReady && instance.state === "running" && this.#mayConnect(instance);
    const registeredAtMs = agent.registeredAtMs ?? (isOnline ? this.#kernel.clock.now() : undefined);
    const platform = agent.platform ?? running?.platform;
    if (registeredAtMs === undefined || platform === undefined) return undefined;
    if (agent.registeredAtMs === undefined) {
      this.#agents.put(agent.instanceId, { ...agent, registeredAtMs, platform });
    }
    const space = platform.lastIndexOf(" ");
    return {
      instanceId: agent.instanceId,
      ipAddress: instance.privateIp,
      platformName: platform.slice(0, space),
      platformVersion: platform.slice(space + 1),
      computerName: instance.privateDnsName,
      registeredAtMs,
      tags: instance.tags,
      isOnline,
    };
  }

  /** Whether the instance's role lets its agent reach Systems Manager; EC2 gives credentials only to a role that trusts it. */
  #mayConnect({ instanceId, instanceProfile }: Readonly<AgentInstance>): boolean {
    const role = instanceProfile && this.#roleOf(instanceProfile.Arn);
    if (role === undefined) return false;
    const { accountId, region } = this.#kernel.settings;
    const trust = { action: "sts:AssumeRole", resource: role.arn };
    if (this.#kernel.judgeService(this.#kernel.serviceCaller("ec2.amazonaws.com"), trust) !== undefined) return false;
    const arn = `arn:aws:sts::${accountId}:assumed-role/${role.name}/${instanceId}`;
    const caller: Caller = { kind: "role", arn, accountId, name: role.name };
    const may = (action: string, resource: string) => this.#kernel.judge(caller, { action, resource }) === undefined;
    return (
      may(reporting, `arn:aws:ec2:${region}:${accountId}:instance/${instanceId}`) &&
      channels.some((action) => may(action, "*"))
    );
  }
}
