import { fleetName } from "../../../shared/domain/names.ts";
import { at, pushed, wants } from "../../planted/scenes.ts";
import { hostOf } from "../../simulate/hosts.ts";
import { type SimulatedStage, stageName } from "../../simulate/simulated-stage.ts";
import type { Reference } from "../reference.ts";
import { byAnn, earlierServers, groupOf, minuteMs, newest, pass, reweigh, silence } from "./people.ts";

const elb = "elasticloadbalancing";

const canary = { deploy: { strategy: "canary", steps: [10, 50], intervalSeconds: 60 } };

/** Pushes a canary, and waits until it has its first share. */
async function atFirstStep(stage: SimulatedStage, spec: object = canary): Promise<string> {
  await stage.apply("web", spec);
  const deploy = await pushed(stage, "2");
  await at(stage, deploy, "WaitWhileObserving");
  return deploy;
}

async function ended(stage: SimulatedStage, arn: string): Promise<string> {
  await stage.ended(() => arn);
  return arn;
}

async function pause(stage: SimulatedStage, reason: string): Promise<void> {
  const paused = byAnn(stage, reason);
  await stage.cloud.complete(stage.ledger.updateHead("web", (head) => ({ ...head, paused })));
}

/** A service that Kiln took over from other servers, whose rule still stands behind Kiln's. */
async function adopted(stage: SimulatedStage): Promise<void> {
  await earlierServers(stage, hostOf("web"));
  await stage.apply("web", { adopt: true });
  await stage.deploy("web", "1");
  await stage.settle();
}

/** Begins to go back to the servers before Kiln, so slowly that somebody comes in between. */
async function withdrawing(stage: SimulatedStage): Promise<string> {
  const rollback = await stage.begin("Rollback", { service: "web" });
  await at(stage, rollback, "CutOver");
  return rollback;
}

const lateWithdrawal = [{ at: "rollback 1 cutover s3:GetObject 1", kind: "slow" }] as const;

/** The rule of somebody else that leads to the servers before Kiln. */
function earlierRule({ cloud }: SimulatedStage): string {
  const rules = cloud.kernel.store
    .collection<{ arn: string; priority?: number; tags: Record<string, string> }>(`${elb}.rules`)
    .list();
  return rules.find(({ priority, tags }) => priority !== undefined && Object.keys(tags).length === 0)?.arn ?? "";
}

/** What moves traffic, refuses to, or takes it away again. */
export const trafficStories: readonly Reference[] = [
  {
    // Its generation is taken, and nothing says what it would have been.
    name: "deploy-denied-before-it-is-frozen",
    begins: "one release",
    faults: [{ at: "deploy 1 admit s3:PutObject 3", kind: "denied" }],
    act: async (stage) => {
      await stage.deploy("web", "2");
      return (await stage.run("Sweep", {})).arn;
    },
    end: "Swept",
    serves: "1",
  },
  {
    // People go back at once, whatever the steps of the release say, and although nothing may go forward.
    name: "rollbacks-while-paused",
    begins: "one release",
    act: async (stage) => {
      await stage.apply("web", canary);
      await stage.deploy("web", "2");
      await pause(stage, "the night shift watches");
      await stage.run("Rollback", { service: "web" });
      await stage.settle();
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: "RolledBack",
    serves: "2",
  },
  {
    // Who goes back has chosen; what is found out on the way is for the next choice.
    name: "revoked-while-going-back-to-it",
    begins: "live and cold",
    act: async (stage) => {
      const rollback = await stage.begin("Rollback", { service: "web" });
      await at(stage, rollback, "WaitForFleet");
      const revoked = [
        { generation: "web-000001", kind: "release" as const, id: "web-000001", ...byAnn(stage, "a hole") },
      ];
      await stage.cloud.complete(stage.ledger.updateHead("web", (head) => ({ ...head, revoked })));
      return ended(stage, rollback);
    },
    end: "RolledBack",
    serves: "1",
  },
  {
    name: "canary-compared-with-live",
    begins: "one release",
    act: async (stage) => {
      const deploy = { strategy: "canary", steps: [10, 50], intervalSeconds: 60, judge: {} };
      await stage.apply("web", { deploy });
      Object.assign(stage.cloud.publicTraffic, { host: hostOf("web"), perMinute: 2_000 });
      return (await stage.deploy("web", "2")).arn;
    },
    end: "Live",
    serves: "2",
  },
  {
    name: "live-grows-by-one",
    begins: "one release",
    act: async (stage) => {
      const deploy = await atFirstStep(stage);
      await wants(stage, "web-000001", 3);
      return ended(stage, deploy);
    },
    end: "Live",
    serves: "2",
  },
  {
    // Nothing of live is there any more that could keep its size.
    name: "fleet-of-live-deleted-under-a-deploy",
    begins: "one release",
    act: async (stage) => {
      const deploy = await pushed(stage, "2");
      await at(stage, deploy, "WaitForFleet");
      const AutoScalingGroupName = fleetName(stageName, "web-000001");
      stage.cloud.byHand.darken("web");
      stage.cloud.byHand.fleets.add(AutoScalingGroupName);
      await stage.cloud.call("autoscaling", "DeleteAutoScalingGroup", { AutoScalingGroupName, ForceDelete: true });
      return ended(stage, deploy);
    },
    end: undefined,
    serves: undefined,
  },
  {
    name: "stopped-at-a-share-and-live-died",
    begins: "one release",
    act: async (stage) => {
      const deploy = await atFirstStep(stage, { deploy: { ...canary.deploy, intervalSeconds: 600 } });
      await stage.cloud.call("autoscaling", "SuspendProcesses", {
        AutoScalingGroupName: fleetName(stageName, "web-000001"),
        ScalingProcesses: ["Launch"],
      });
      silence(stage, "web-000001");
      await pass(stage, minuteMs);
      await stage.stop(deploy);
      await stage.ended(() => stage.executions("sweep")[0]?.arn);
      return newest(stage, "sweep");
    },
    end: undefined,
    serves: "2",
  },
  {
    name: "withdrawal-crashing",
    begins: "nothing",
    faults: [{ at: "rollback 1 cutover elasticloadbalancing:DeleteRule 1", kind: "crash" }],
    act: async (stage) => {
      await adopted(stage);
      await stage.run("Rollback", { service: "web" });
      await stage.settle();
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: "RolledBack",
    serves: "1",
  },
  {
    name: "rule-changed-before-a-withdrawal",
    begins: "nothing",
    faults: lateWithdrawal,
    act: async (stage) => {
      await adopted(stage);
      const rollback = await withdrawing(stage);
      await reweigh(stage, { "web-000001": 5 });
      await stage.ended(() => rollback);
      await reweigh(stage, { "web-000001": 1 });
      return rollback;
    },
    end: undefined,
    serves: "1",
  },
  {
    name: "nobody-before-kiln-any-more",
    begins: "nothing",
    faults: lateWithdrawal,
    act: async (stage) => {
      await adopted(stage);
      const rollback = await withdrawing(stage);
      await stage.cloud.call(elb, "DeleteRule", { RuleArn: earlierRule(stage) });
      return ended(stage, rollback);
    },
    end: undefined,
    serves: "1",
  },
  {
    name: "rollback-of-the-first-release",
    begins: "nothing",
    act: async (stage) => {
      await earlierServers(stage, hostOf("web"));
      await stage.apply("web", { adopt: true });
      const deploy = await pushed(stage, "1");
      await at(stage, deploy, "WaitWhileObserving");
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: undefined,
    serves: undefined,
  },
  {
    name: "candidate-taken-out-by-somebody",
    begins: "one release",
    act: async (stage) => {
      const deploy = await atFirstStep(stage);
      await reweigh(stage, { "web-000001": 1, "web-000002": 0 });
      return ended(stage, deploy);
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "candidate-given-more-by-somebody",
    begins: "one release",
    act: async (stage) => {
      const deploy = await atFirstStep(stage);
      await reweigh(stage, { "web-000001": 70, "web-000002": 30 });
      return ended(stage, deploy);
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "another-host-and-it-fades",
    begins: "one release",
    act: async (stage) => {
      await stage.apply("web", { route: { hosts: [hostOf("web"), "www.example.com"] } });
      return (await stage.deploy("web", "2-fading")).arn;
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "rule-changed-before-the-first-step",
    begins: "one release",
    act: async (stage) => {
      const deploy = await pushed(stage, "2");
      await at(stage, deploy, "WaitForFleet");
      await reweigh(stage, { "web-000001": 5 });
      await stage.ended(() => deploy);
      await reweigh(stage, { "web-000001": 1 });
      return deploy;
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    // Heads of before Kiln kept what it told the listener say nothing of it.
    name: "rule-overtaken-and-no-record-of-it",
    begins: "one release",
    act: async (stage) => {
      await stage.cloud.complete(stage.ledger.updateHead("web", ({ rule: _, ...head }) => head));
      const deploy = await pushed(stage, "2");
      await at(stage, deploy, "WaitForFleet");
      const { Rules } = await stage.cloud.call<{ Rules: { RuleArn: string }[] }>(elb, "CreateRule", {
        ListenerArn: stage.cloud.visitors.listener.listenerArn,
        Priority: 1,
        Conditions: [{ Field: "host-header", Values: [hostOf("web")] }],
        Actions: [{ Type: "forward", TargetGroupArn: groupOf(stage, "web-000001") }],
      });
      await stage.ended(() => deploy);
      await stage.cloud.call(elb, "DeleteRule", { RuleArn: Rules[0]?.RuleArn });
      return deploy;
    },
    end: "FailedClean",
    serves: "1",
  },
];
