import { parameterNames } from "../../../shared/aws/parameters.ts";
import { fleetName } from "../../../shared/domain/names.ts";
import { at, pushed, wants } from "../../planted/scenes.ts";
import { type SimulatedStage, stageName } from "../../simulate/simulated-stage.ts";
import type { Reference } from "../reference.ts";
import { newest, pass, reweigh, setAlarm } from "./people.ts";

const anew = { service: "web", reason: "its base is revoked", now: true };

/** A refresh whose release becomes live. */
async function refreshed(stage: SimulatedStage): Promise<void> {
  await stage.run("Refresh", anew);
  await stage.idle();
}

async function ended(stage: SimulatedStage, arn: string): Promise<string> {
  await stage.ended(() => arn);
  return arn;
}

/** What comes by itself after an execution that left something: the sweep. */
async function swept(stage: SimulatedStage): Promise<string> {
  await stage.settle();
  await stage.idle();
  return newest(stage, "sweep");
}

/** A person gives a fleet other sizes. */
async function resize(stage: SimulatedStage, generation: string, sizes: object): Promise<void> {
  const AutoScalingGroupName = fleetName(stageName, generation);
  stage.cloud.byHand.sized.add(AutoScalingGroupName);
  await stage.cloud.call("autoscaling", "UpdateAutoScalingGroup", { AutoScalingGroupName, ...sizes });
}

/** What the ledger says once a deploy or rollback is over, whatever came in between. */
export const settlingStories: readonly Reference[] = [
  {
    // Everything was done, and only the answer was lost.
    name: "deploy-crashing-after-its-last-call",
    begins: "one release",
    faults: [{ at: "deploy 1 settle s3:PutObject 5", kind: "crash" }],
    act: async (stage) => (await stage.deploy("web", "2")).arn,
    end: "Live",
    serves: "2",
  },
  {
    name: "rule-changed-while-retiring",
    begins: "live and standby",
    act: async (stage) => {
      const deploy = await pushed(stage, "3");
      await at(stage, deploy, "WaitForRetirement");
      // A person gives the standby a share of their own.
      await reweigh(stage, { "web-000003": 9, "web-000002": 1 });
      await ended(stage, deploy);
      await reweigh(stage, { "web-000003": 1, "web-000002": 0 });
      return deploy;
    },
    end: undefined,
    serves: "3",
  },
  {
    // It was to lose its requests, and never did: what the rule was told is not what it says.
    name: "first-deploy-denied-its-way-out",
    begins: "nothing",
    faults: [{ at: "deploy 1 cutover elasticloadbalancing:DeleteRule 1", kind: "denied" }],
    act: async (stage) => {
      await stage.apply("web", { alarms: ["errors"] });
      await setAlarm(stage, "errors", "OK");
      const deploy = await pushed(stage, "1");
      await at(stage, deploy, "WaitWhileObserving");
      await setAlarm(stage, "errors", "ALARM");
      await ended(stage, deploy);
      return swept(stage);
    },
    end: undefined,
    serves: "1",
  },
  {
    name: "deploy-after-a-refresh",
    begins: "one release",
    act: async (stage) => {
      await refreshed(stage);
      return (await stage.deploy("web", "2")).arn;
    },
    end: "Live",
    serves: "2",
  },
  {
    // A push is undone, not the refresh before it.
    name: "rollback-to-what-a-refresh-made",
    begins: "one release",
    act: async (stage) => {
      await refreshed(stage);
      await stage.settle();
      const deploy = await pushed(stage, "2");
      await at(stage, deploy, "WaitWhileObserving");
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: "RolledBack",
    serves: "1",
  },
  {
    name: "refresh-undone-and-one-further-back",
    begins: "live and standby",
    act: async (stage) => {
      await refreshed(stage);
      await stage.run("Rollback", { service: "web" });
      await stage.settle();
      return (await stage.run("Rollback", { service: "web", to: "web-000001" })).arn;
    },
    end: "RolledBack",
    serves: "1",
  },
  {
    name: "young-ones-are-kept",
    begins: "live and standby",
    act: async (stage) => {
      await stage.apply("web", { keep: { releases: 2, days: 1 } });
      return (await stage.deploy("web", "3")).arn;
    },
    end: "Live",
    serves: "3",
  },
  {
    name: "spec-that-says-nothing-of-keeping",
    begins: "live and standby",
    act: async (stage) => {
      const release = await stage.cloud.complete(stage.ledger.release("web", "web-000002"));
      if (!release) throw new Error("nothing is live");
      const { keep: _, ...spec } = release.spec;
      const digest = await stage.cloud.complete(stage.ledger.storeSpec(spec as typeof release.spec));
      await stage.cloud.complete(stage.parameters.write(parameterNames.spec(stageName, "web"), digest));
      return (await stage.deploy("web", "3")).arn;
    },
    end: "Live",
    serves: "3",
  },
  {
    name: "drill-denied-its-way-out",
    begins: "live and standby",
    faults: [{ at: "rollback 1 cutover elasticloadbalancing:ModifyRule 2", kind: "denied" }],
    act: async (stage) => {
      const drill = await stage.run("Rollback", { service: "web", drill: { percent: 5 } });
      await swept(stage);
      return drill.arn;
    },
    end: undefined,
    serves: "2",
  },
  {
    name: "rollback-while-a-failure-settles",
    begins: "live and standby",
    faults: [{ at: "deploy 1 settle s3:PutObject 1", kind: "slow" }],
    act: async (stage) => {
      const deploy = await pushed(stage, "3-unhealthy");
      await at(stage, deploy, "SettleFailure");
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: "RolledBack",
    serves: "1",
  },
  {
    name: "rollback-denied-its-rule-and-crashing",
    begins: "live and standby",
    faults: [
      { at: "rollback 1 cutover elasticloadbalancing:ModifyRule 1", kind: "denied" },
      { at: "rollback 1 settle s3:PutObject 2", kind: "crash" },
    ],
    act: async (stage) => (await stage.run("Rollback", { service: "web" })).arn,
    end: undefined,
    serves: "2",
  },
  {
    name: "rollback-while-it-becomes-live",
    begins: "live and standby",
    faults: [{ at: "deploy 1 settle elasticloadbalancing:DescribeRules 1", kind: "slow" }],
    act: async (stage) => {
      const deploy = await pushed(stage, "3");
      await at(stage, deploy, "Settle");
      // It has chosen before the deploy settles, and takes the lease after that.
      await pass(stage, 3_000);
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: "RolledBack",
    serves: undefined,
  },
  {
    name: "push-while-going-back",
    begins: "live and cold",
    act: async (stage) => {
      const rollback = await stage.begin("Rollback", { service: "web" });
      await at(stage, rollback, "WaitForFleet");
      const deploy = await pushed(stage, "3");
      await ended(stage, rollback);
      return ended(stage, deploy);
    },
    end: "Live",
    serves: "3",
  },
  {
    // What is pushed meanwhile fails in its turn; that a person undid the refresh holds all the same.
    name: "refresh-undone-while-a-push-waits",
    begins: "one release",
    faults: [{ at: "rollback 1 cutover elasticloadbalancing:DescribeRules 1", kind: "slow" }],
    act: async (stage) => {
      await refreshed(stage);
      await stage.settle();
      const rollback = await stage.begin("Rollback", { service: "web" });
      await at(stage, rollback, "CutOver");
      await pass(stage, 1_000);
      const deploy = await pushed(stage, "3-unhealthy");
      await ended(stage, rollback);
      return ended(stage, deploy);
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "rollback-finished-by-a-sweep",
    begins: "live and standby",
    faults: [{ at: "rollback 1 settle s3:PutObject 1", kind: "denied" }],
    act: async (stage) => {
      await stage.run("Rollback", { service: "web" });
      return swept(stage);
    },
    end: "Swept",
    serves: "1",
  },
  {
    name: "fleet-deleted-while-retiring",
    begins: "live and standby",
    act: async (stage) => {
      const deploy = await pushed(stage, "3");
      await at(stage, deploy, "WaitForRetirement");
      const AutoScalingGroupName = fleetName(stageName, "web-000003");
      stage.cloud.byHand.darken("web");
      stage.cloud.byHand.fleets.add(AutoScalingGroupName);
      await stage.cloud.call("autoscaling", "DeleteAutoScalingGroup", { AutoScalingGroupName, ForceDelete: true });
      return ended(stage, deploy);
    },
    end: undefined,
    serves: undefined,
  },
  {
    name: "nothing-left-of-the-standby",
    begins: "one release",
    act: async (stage) => {
      const deploy = await pushed(stage, "2");
      await at(stage, deploy, "WaitWhileObserving");
      await resize(stage, "web-000001", { MinSize: 0, DesiredCapacity: 0 });
      return ended(stage, deploy);
    },
    end: "Live",
    serves: "2",
  },
  {
    // What stands by must be able to take over everything, so it is held at the size it had in the end.
    name: "live-grows-while-observing",
    begins: "one release",
    act: async (stage) => {
      const deploy = await pushed(stage, "2");
      await at(stage, deploy, "WaitWhileObserving");
      await wants(stage, "web-000001", 3);
      return ended(stage, deploy);
    },
    end: "Live",
    serves: "2",
  },
  {
    name: "rollback-stopped-cold-and-swept",
    begins: "live and cold",
    act: async (stage) => {
      const rollback = await stage.begin("Rollback", { service: "web" });
      await at(stage, rollback, "WaitForFleet");
      await stage.stop(rollback);
      return swept(stage);
    },
    end: "Swept",
    serves: "2",
  },
];
