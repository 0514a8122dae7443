import { AwsError } from "../../local/core/aws-error.ts";
import type { Delays } from "../../local/core/delays.ts";
import { Ec2Service } from "../../local/ec2/service.ts";
import { zonesOf } from "../../local/ec2/zones.ts";
import type { Head } from "../../shared/domain/head.ts";
import { drawOf } from "./faults.ts";
import { type SimulatedStage, stageAlarm } from "./simulated-stage.ts";
import { victim } from "./victims.ts";

/**
 * What is wrong with the world for a while:
 * - `no-capacity`: a zone, or all of them, have no instance to give.
 * - `no-quota`: the account may not run one vCPU more than it runs.
 * - `late-reads`: what is created is not found by reads for up to two minutes; reaping looks for it once more after three.
 * - `slow-routing`: each node of the load balancer takes up a change of rules within half a minute.
 * - `late-events`: events come up to a minute late, overtake each other, and a quarter comes twice.
 * - `disabled-key`: somebody disabled the stack's key.
 * - `denied`: a service control policy takes one kind of change away from every handler.
 * - `flapping`: a program answers for 20 seconds, and for the next 20 it does not.
 * - `skewed-clock`: the clock of each handler's Lambda is up to two minutes fast or slow.
 * - `stale-reads`: for up to 20 seconds after a change, descriptions of EC2, Auto Scaling and the load balancer say what was so before.
 * - `silent-alarm`: the alarm of a service's spec has no data.
 * - `full`: a limit of the load balancer or the account is reached, so that one kind of thing cannot be made.
 * - `paused`: a person paused a service; `frozen`: a person froze the whole stage.
 */
export const spellKinds = [
  "no-capacity",
  "no-quota",
  "late-reads",
  "slow-routing",
  "late-events",
  "disabled-key",
  "denied",
  "flapping",
  "skewed-clock",
  "stale-reads",
  "silent-alarm",
  "full",
  "paused",
  "frozen",
] as const;

export type SpellKind = (typeof spellKinds)[number];

/**
 * Begins a spell. What it calls is answered without the clock, for a spell ends while time is passing.
 * @param which From 0 to 1, where there is a choice.
 * @returns Ends it.
 */
type Begin = (stage: SimulatedStage, which: number, seconds: number) => Promise<() => Promise<void> | void>;

/** Calls that a service control policy may take away; each is one that a deploy or a clean-up needs. */
const deniedCalls = [
  "ebs:StartSnapshot",
  "ec2:RegisterImage",
  "ec2:CreateLaunchTemplateVersion",
  "autoscaling:CreateAutoScalingGroup",
  "elasticloadbalancing:CreateTargetGroup",
  "elasticloadbalancing:CreateRule",
  "elasticloadbalancing:ModifyRule",
  "elasticloadbalancing:DeleteRule",
  "elasticloadbalancing:DescribeTargetHealth",
  "autoscaling:UpdateAutoScalingGroup",
  "autoscaling:DeleteAutoScalingGroup",
  "elasticloadbalancing:DeleteTargetGroup",
  "ec2:DeleteLaunchTemplateVersions",
] as const;

/** Unit: seconds. No figure is published for what changed; what is created shows within some. */
const staleMaxSeconds = 20;

/** Limits that stop a deploy, in the words of the services' error shapes. */
const limits = [
  ["elasticloadbalancing:CreateRule", "TooManyRules", "A load balancer has at most 100 rules"],
  [
    "elasticloadbalancing:CreateRule",
    "TooManyUniqueTargetGroupsPerLoadBalancer",
    "A load balancer has at most 100 target groups in its rules",
  ],
  ["elasticloadbalancing:CreateTargetGroup", "TooManyTargetGroups", "You have reached the limit of 3000 target groups"],
  ["autoscaling:CreateAutoScalingGroup", "LimitExceeded", "You have reached the limit of 500 Auto Scaling groups"],
] as const;

/** Unit: milliseconds. Two health checks: enough to be taken out, and in again. */
const flapMs = 20_000;

/** So much is the clock of a Lambda fast or slow at most. */
export const skewMaxSeconds = 120;

const begins: Readonly<Record<SpellKind, Begin>> = {
  "no-capacity": async (stage, which) => {
    const { capacity } = ec2Of(stage);
    const zones = zonesOf(stage.cloud.kernel.settings.region).map(({ name }) => name);
    const chosen = which < 0.5 ? zones : zones.slice(0, Math.ceil(which * 2));
    for (const zone of chosen) capacity.setLimit(zone, fleetType, 0);
    return () => {
      for (const zone of chosen) capacity.setLimit(zone, fleetType, undefined);
    };
  },
  "no-quota": async (stage) => {
    const { capacity } = ec2Of(stage);
    const before = capacity.vcpuQuota();
    capacity.setVcpuQuota(1);
    return () => capacity.setVcpuQuota(before);
  },
  "late-reads": async (stage) => changedDelays(stage, { notFoundAfterCreateSeconds: 120 }),
  "slow-routing": async (stage) => changedDelays(stage, { rulePropagationMaxSeconds: 30 }),
  "late-events": async ({ cloud }) => {
    cloud.kernel.settings.eventDisturbance = { duplicates: 0.25, delaySeconds: 60 };
    return () => {
      delete cloud.kernel.settings.eventDisturbance;
    };
  },
  "disabled-key": async ({ cloud }) => {
    const keys = cloud.kernel.store.collection<{ id: string; description: string }>("kms.keys").list();
    const KeyId = keys.find(({ description }) => description.startsWith("Kiln images"))?.id;
    await cloud.call("kms", "DisableKey", { KeyId });
    return async () => void (await cloud.call("kms", "EnableKey", { KeyId }));
  },
  denied: async ({ cloud }, which) => {
    const call = deniedCalls[Math.floor(which * deniedCalls.length)];
    cloud.faults.takenAway = ({ service, operation }) => `${service}:${operation}` === call;
    return () => {
      cloud.faults.takenAway = () => false;
    };
  },
  flapping: async ({ cloud }, which, seconds) => {
    const instanceId = victim(cloud, which);
    if (instanceId === undefined) return () => {};
    cloud.harmed.add(instanceId, seconds * 1000);
    let goesOn = true;
    const turn = () => {
      if (goesOn && !cloud.mute.has(instanceId)) cloud.mute.add(instanceId);
      else cloud.mute.delete(instanceId);
      if (goesOn) cloud.clock.at(cloud.clock.now() + flapMs, turn);
    };
    turn();
    return () => {
      goesOn = false;
      cloud.mute.delete(instanceId);
    };
  },
  "skewed-clock": async ({ cloud }, which) => {
    const seed = Math.floor(which * 2 ** 31);
    cloud.skewMs = (handler) => Math.round(drawOf(seed, handler).between(-skewMaxSeconds, skewMaxSeconds)) * 1000;
    return () => {
      cloud.skewMs = () => 0;
    };
  },
  "stale-reads": async ({ cloud }, which) => {
    cloud.faults.stale.seconds = Math.ceil(which * staleMaxSeconds);
    return () => cloud.faults.stale.end();
  },
  "silent-alarm": async ({ cloud }) => {
    const told = (StateValue: string) =>
      cloud.call("monitoring", "SetAlarmState", { AlarmName: stageAlarm, StateValue, StateReason: "the simulation" });
    await told("INSUFFICIENT_DATA");
    return async () => void (await told("OK"));
  },
  full: async ({ cloud }, which) => {
    const [call, code, message] = limits[Math.floor(which * limits.length)] ?? limits[0];
    cloud.faults.refused = ({ service, operation }) =>
      `${service}:${operation}` === call ? new AwsError(code, message, 400) : undefined;
    return () => {
      cloud.faults.refused = () => undefined;
    };
  },
  paused: async (stage, which) => {
    const service = which < 0.7 ? "web" : "api";
    const written = (paused: Head["paused"]) =>
      stage.ledger.updateHead(service, (head) => ({ ...head, paused: paused ?? null }));
    await written(byAnn(stage, "looking at the graphs"));
    return async () => void (await written(null));
  },
  frozen: async (stage) => {
    const { freezes } = stage.ledger;
    await freezes.write(undefined, { ...byAnn(stage, "an outage elsewhere"), until: null });
    return () => freezes.write(undefined, null);
  },
};

/** What people write down of themselves. */
function byAnn({ cloud }: SimulatedStage, reason: string) {
  return { reason, by: "ann", at: new Date(cloud.clock.now()).toISOString() };
}

/** The instance type of every fleet in a mix: the default of a spec. */
const fleetType = "t3.small";

/** The spells of one run. One of a kind at a time: a second one while the first goes on makes it no worse. */
export class Spells {
  readonly #stage: SimulatedStage;
  readonly #active = new Map<SpellKind, () => Promise<void> | void>();

  constructor(stage: SimulatedStage) {
    this.#stage = stage;
  }

  async begin(kind: SpellKind, seconds: number, which: number): Promise<void> {
    if (this.#active.has(kind)) return;
    this.#active.set(kind, await begins[kind](this.#stage, which, seconds));
    const { clock } = this.#stage.cloud;
    clock.at(clock.now() + seconds * 1000, () => void this.#lift(kind));
  }

  /** Ends all of them. */
  async lift(): Promise<void> {
    for (const kind of [...this.#active.keys()]) await this.#lift(kind);
  }

  async #lift(kind: SpellKind): Promise<void> {
    const end = this.#active.get(kind);
    this.#active.delete(kind);
    await end?.();
  }
}

function changedDelays({ cloud }: SimulatedStage, changes: Partial<Delays>): () => void {
  const { settings } = cloud.kernel;
  const before = settings.delays;
  settings.delays = { ...before, ...changes };
  return () => {
    const changed = Object.keys(changes) as (keyof Delays)[];
    settings.delays = { ...settings.delays, ...Object.fromEntries(changed.map((name) => [name, before[name]])) };
  };
}

function ec2Of({ cloud }: SimulatedStage): Ec2Service {
  const found = cloud.kernel.services().find((one) => one instanceof Ec2Service);
  if (!found) throw new Error("this cloud has no EC2");
  return found;
}
