import { AwsError } from "../../local/core/aws-error.ts";
import type { Random } from "../../local/core/random.ts";
import type { Deed } from "./deeds.ts";
import { handSetAlarm } from "./hand-set-alarm.ts";
import { makeManagedProfile, managedProfile } from "./managed-profile.ts";
import type { Situation } from "./scenarios.ts";
import { type Service, type SimulatedStage, services } from "./simulated-stage.ts";

/** The alarm of the user's own that a `watched` service names. */
export const watchedAlarm = "errors";

/**
 * The ways in which a service is run, each what its spec says beside the usual.
 * - `gated`: a person is asked before traffic moves, and waited for five minutes.
 * - `idle`: hardly anybody comes, so its own scaling policy keeps it at its least, which is one server.
 * - `lone`: never more than one server.
 * - `wide`: more servers than the others.
 * - `commanded`: commands look at each candidate from inside, and one runs once before it gets traffic.
 * - `watched`: an alarm that turns red takes it back.
 * - `ageing`: whatever is older than a day is replaced.
 */
const flavours = {
  plain: {},
  canary: { deploy: { strategy: "canary", steps: [10, 50], intervalSeconds: 30 } },
  linear: { deploy: { strategy: "linear", stepPercent: 50, intervalSeconds: 20 } },
  gated: { deploy: { approval: { deadlineSeconds: 300 } } },
  idle: { capacity: { min: 1, max: 4, scaling: { cpuPercent: 50 } } },
  lone: { capacity: { min: 1, max: 1 }, allowShrink: true },
  wide: { capacity: { min: 3, max: 6 } },
  commanded: {
    instanceProfile: managedProfile,
    validate: { commands: [{ name: "smoke", run: "./smoke.sh" }] },
    deploy: { once: { run: "./migrate.sh" } },
  },
  watched: { alarms: [watchedAlarm] },
  ageing: { refresh: { maxAgeDays: 1 } },
} as const satisfies Record<string, object>;

export type Flavour = keyof typeof flavours;

export const flavourNames = Object.keys(flavours) as [Flavour, ...Flavour[]];

/** Puts the spec of a flavour in force, and makes what it needs of the account. */
export async function applyFlavour(stage: SimulatedStage, service: Service, flavour: Flavour): Promise<void> {
  const { cloud } = stage;
  if (flavour === "commanded" && !(await hasProfile(stage))) await makeManagedProfile(stage);
  if (flavour === "watched" && !(await hasAlarm(stage))) {
    await cloud.complete(cloud.call("monitoring", "PutMetricAlarm", handSetAlarm(watchedAlarm)));
    await setAlarm(stage, "OK");
  }
  await stage.apply(service, flavours[flavour]);
}

/** Puts the watched alarm into a state, as its metric would; nothing happens where there is no such alarm. */
export async function setAlarm(stage: SimulatedStage, StateValue: "OK" | "ALARM"): Promise<void> {
  if (!(await hasAlarm(stage))) return;
  await stage.cloud.call("monitoring", "SetAlarmState", {
    AlarmName: watchedAlarm,
    StateValue,
    StateReason: "the simulation says so",
  });
}

async function hasAlarm({ cloud }: SimulatedStage): Promise<boolean> {
  const asked = { AlarmNames: [watchedAlarm] };
  const found = await cloud.call<{ MetricAlarms?: unknown[] }>("monitoring", "DescribeAlarms", asked);
  return (found.MetricAlarms ?? []).length > 0;
}

async function hasProfile({ cloud }: SimulatedStage): Promise<boolean> {
  try {
    await cloud.complete(cloud.call("iam", "GetInstanceProfile", { InstanceProfileName: managedProfile }));
    return true;
  } catch (error) {
    if (error instanceof AwsError && error.code === "NoSuchEntity") return false;
    throw error;
  }
}

/** Services that have a live release, in the order in which a stage gets them. */
const liveIn: Readonly<Record<Situation, number>> = {
  nothing: 0,
  "one release": 1,
  "live and standby": 1,
  "live and cold": 1,
  "traffic moved": 1,
  "two services": 2,
  "three services": 3,
  "four services": 4,
};

/** Services whose spec is in force from the beginning. */
const preparedServices = 2;

/** The share of services that are not run in the usual way. */
const unusualShare = 0.4;

/** What one mix is about: no two are about the same, so that rare things meet often in some of them. */
export interface World {
  services: readonly Service[];
  /** What makes the services what they are. */
  applied: Deed[];
  /** The share of what people do that is about the first service. */
  busyShare: number;
  /** The shares of what people do that are about running a stage, and about experiments. */
  operatorShare: number;
  experimentShare: number;
}

const busyShares = [0.4, 0.6, 0.85];
const operatorShares = [0, 0.12, 0.4];
const experimentShares = [0, 0.06, 0.3];

/** Draws which services there are, how each is run, and what people are busy with. */
export function drawWorld(random: Random, begins: Situation): World {
  const least = Math.max(1, liveIn[begins]);
  const count = liveIn[begins] >= preparedServices ? least : Math.floor(random.between(least, services.length + 1));
  const present = services.slice(0, count);
  const applied = present.flatMap((service, index): Deed[] => {
    const isUnusual = random.next() < unusualShare;
    const which = random.next();
    if (isUnusual) return [{ do: "apply", service, flavour: drawnFlavour(which) }];
    const hasSpec = index < Math.max(preparedServices, liveIn[begins]);
    return hasSpec ? [] : [{ do: "apply", service, flavour: "plain" }];
  });
  const oneOf = (among: readonly number[]) => among[Math.floor(random.next() * among.length)] ?? 0;
  return {
    services: present,
    applied,
    busyShare: oneOf(busyShares),
    operatorShare: oneOf(operatorShares),
    experimentShare: oneOf(experimentShares),
  };
}

/** @param which From 0 to 1. */
export function drawnFlavour(which: number): Flavour {
  return flavourNames[Math.floor(which * flavourNames.length)] ?? "plain";
}
