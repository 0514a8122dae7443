import type { GroupDocument } from "../../local/auto-scaling/documents.ts";
import { fleetName } from "../../shared/domain/names.ts";
import type { Scenario } from "../simulate/scenarios.ts";
import { type SimulatedStage, stageName } from "../simulate/simulated-stage.ts";

/** Unit: milliseconds of virtual time. Whatever a scene waits for happens earlier. */
const limitMs = 3_600_000;

/** Unit: milliseconds. A little more than a standby fleet is kept hot. */
const hotWindowMs = 61 * 60_000;

/**
 * Situations that random mixes seldom meet, each of them one in which another tool went wrong. Without a planted bug each
 * must end as it says, whatever survivable fault strikes; those without an end are judged by the promises alone.
 */
export const scenes: readonly Scenario[] = [
  {
    name: "fading-deploy",
    begins: "live and standby",
    act: async (stage) => (await stage.deploy("web", "3-fading")).arn,
    end: "FailedClean",
    serves: "2",
  },
  {
    // The next deploy takes the interrupted one's place in the head before any sweep has seen it.
    name: "failure-after-interruption",
    begins: "one release",
    act: async (stage) => {
      const first = await pushed(stage, "2");
      await at(stage, first, "WaitWhileObserving");
      await stage.stop(first);
      return (await stage.deploy("web", "3-unhealthy")).arn;
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "rollback-while-moving",
    begins: "live and standby",
    act: async (stage) => {
      const deploy = await pushed(stage, "3");
      await at(stage, deploy, "CutOver");
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: "RolledBack",
    serves: undefined,
  },
  {
    // The head still calls the release before live, so "one back" is that one and not the one before it.
    name: "rollback-while-observing",
    begins: "live and standby",
    act: async (stage) => {
      const deploy = await pushed(stage, "3");
      await at(stage, deploy, "WaitWhileObserving");
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: "RolledBack",
    serves: "2",
  },
  {
    name: "rollback-while-failing",
    begins: "live and standby",
    act: async (stage) => {
      const deploy = await pushed(stage, "3-unhealthy");
      await at(stage, deploy, "SettleFailure");
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: "RolledBack",
    serves: "1",
  },
  {
    // Stopped once its fleet is there: whatever the head does not know then stays for good.
    name: "rollback-while-retiring",
    begins: "live and standby",
    act: async (stage) => {
      const deploy = await pushed(stage, "3");
      await stage.cloud.until(() => hasEnded(stage, deploy) || isLastLook(stage, deploy), limitMs);
      const rollback = await stage.begin("Rollback", { service: "web", to: "web-000001" });
      await at(stage, rollback, "WaitForFleet");
      await stage.stop(rollback);
      return rollback;
    },
    end: undefined,
    serves: undefined,
  },
  {
    name: "late-event",
    begins: "one release",
    act: async (stage) => {
      const older = await pushed(stage, "2");
      await stage.stop(older);
      await stage.deploy("web", "3");
      return (await stage.run("Deploy", eventOf(stage, older))).arn;
    },
    end: "Skipped",
    serves: "3",
  },
  {
    name: "event-twice",
    begins: "one release",
    act: async (stage) => {
      const first = await pushed(stage, "2");
      await at(stage, first, "WaitForImage");
      return (await stage.run("Deploy", eventOf(stage, first))).arn;
    },
    end: "Skipped",
    serves: "2",
  },
  {
    // The newest one asks for the lease just as it comes back, before the one that has waited for long asks again.
    name: "two-wait",
    begins: "one release",
    act: async (stage) => {
      const first = await pushed(stage, "2");
      await at(stage, first, "WaitForImage");
      const second = await pushed(stage, "3");
      await at(stage, first, "Settle");
      await pushed(stage, "4");
      await stage.ended(() => second);
      return second;
    },
    end: "Skipped",
    serves: "4",
  },
  {
    name: "live-grows",
    begins: "one release",
    act: async (stage) => {
      const deploy = await pushed(stage, "2");
      await at(stage, deploy, "WaitForFleet");
      await wants(stage, "web-000001", 4);
      await stage.ended(() => deploy);
      return deploy;
    },
    end: "Live",
    serves: "2",
  },
  {
    // Live is held twice, at three and at four; then the deploy dies and it must be free to shrink to two again.
    name: "live-grows-twice",
    begins: "one release",
    act: async (stage) => {
      await stage.apply("web", { deploy: { strategy: "canary", steps: [10, 50], intervalSeconds: 120 } });
      await wants(stage, "web-000001", 3);
      const deploy = await pushed(stage, "2");
      await at(stage, deploy, "WaitWhileObserving");
      await wants(stage, "web-000001", 4);
      await stage.cloud.until(() => fleetOf(stage, "web-000001")?.minSize === 4, limitMs);
      await at(stage, deploy, "WaitWhileObserving");
      await stage.stop(deploy);
      return deploy;
    },
    end: undefined,
    serves: undefined,
  },
  {
    // It has chosen the standby and waits for the deploy that it stopped; then it is stopped itself.
    name: "interrupted-rollback",
    begins: "live and standby",
    act: async (stage) => {
      const deploy = await pushed(stage, "3");
      await at(stage, deploy, "WaitForFleet");
      const rollback = await stage.begin("Rollback", { service: "web" });
      await at(stage, rollback, "WaitForLease");
      await stage.stop(rollback);
      return rollback;
    },
    end: undefined,
    serves: undefined,
  },
  {
    name: "cooling",
    begins: "live and standby",
    act: async (stage) => {
      await stage.cloud.until(() => false, hotWindowMs);
      return (await stage.run("Sweep", {})).arn;
    },
    end: "Swept",
    serves: "2",
  },
  {
    name: "few-are-kept",
    begins: "live and standby",
    act: async (stage) => {
      await stage.apply("web", { keep: { releases: 2 } });
      return (await stage.deploy("web", "3")).arn;
    },
    end: "Live",
    serves: "3",
  },
  {
    name: "slow-to-be-seen",
    begins: "nothing",
    act: async (stage) => {
      const { settings } = stage.cloud.kernel;
      settings.delays = { ...settings.delays, notFoundAfterCreateSeconds: 6 };
      return (await stage.deploy("web", "1")).arn;
    },
    end: "Live",
    serves: "1",
  },
  {
    // A person deploys what is live once more; it is undone, and live still needs the image of both.
    name: "same-again-and-stopped",
    begins: "one release",
    act: async (stage) => {
      const deploy = await stage.begin("Deploy", { service: "web", version: "1" });
      await at(stage, deploy, "WaitForFleet");
      await stage.stop(deploy);
      return deploy;
    },
    end: undefined,
    serves: undefined,
  },
];

/** Pushes to `web`; returns the deploy that the push starts as soon as there is one. */
export async function pushed(stage: SimulatedStage, version: string): Promise<string> {
  const before = new Set(stage.executions("deploy").map(({ arn }) => arn));
  await stage.push("web", version);
  const found = () => stage.executions("deploy").find(({ arn }) => !before.has(arn))?.arn;
  await stage.cloud.until(() => found() !== undefined, limitMs);
  return found() ?? "";
}

/** Runs the cloud until an execution is in a state, or has ended without it. */
export async function at(stage: SimulatedStage, arn: string, state: string): Promise<void> {
  await stage.cloud.until(() => hasEnded(stage, arn) || stage.stateOf(arn) === state, limitMs);
}

function hasEnded(stage: SimulatedStage, arn: string): boolean {
  return stage.execution(arn)?.status !== "RUNNING";
}

/** Whether a deploy that retires fleets has found everything gone, and only has to write it down. */
function isLastLook(stage: SimulatedStage, arn: string): boolean {
  return stage.stateOf(arn) === "RetireFleets" && stage.cloud.faults.slowed.has(arn);
}

/** What told an execution of its upload. */
export function eventOf(stage: SimulatedStage, arn: string): object {
  return JSON.parse(stage.execution(arn)?.input ?? "{}");
}

function fleetOf(stage: SimulatedStage, generation: string): Readonly<GroupDocument> | undefined {
  return stage.cloud.kernel.store.collection<GroupDocument>("autoscaling.groups").get(fleetName(stageName, generation));
}

/** More visitors: a fleet wants so many instances. */
export async function wants(stage: SimulatedStage, generation: string, DesiredCapacity: number): Promise<void> {
  const AutoScalingGroupName = fleetName(stageName, generation);
  await stage.cloud.call("autoscaling", "SetDesiredCapacity", { AutoScalingGroupName, DesiredCapacity });
}
