import { Ec2Service } from "../../../local/ec2/service.ts";
import { at, pushed, wants } from "../../planted/scenes.ts";
import { hostOf } from "../../simulate/hosts.ts";
import type { SimulatedStage } from "../../simulate/simulated-stage.ts";
import type { Reference } from "../reference.ts";
import { byAnn, groupOf, minuteMs, pass, revertRule, ruleOf, setAlarm } from "./people.ts";

const canary = { deploy: { strategy: "canary", steps: [10, 50], intervalSeconds: 60 } };

/** Pushes a canary, and waits until it has its first share. */
async function atFirstStep(stage: SimulatedStage, version = "2", spec: object = canary): Promise<string> {
  await stage.apply("web", spec);
  const deploy = await pushed(stage, version);
  await at(stage, deploy, "WaitWhileObserving");
  return deploy;
}

async function ended(stage: SimulatedStage, arn: string): Promise<string> {
  await stage.ended(() => arn);
  return arn;
}

/** A person pauses the service, or lets it go on. */
async function setPaused(stage: SimulatedStage, reason: string | undefined): Promise<void> {
  const paused = reason === undefined ? null : byAnn(stage, reason);
  await stage.cloud.complete(stage.ledger.updateHead("web", (head) => ({ ...head, paused })));
}

/** Pushes a release that waits for a person. */
async function askedApproval(stage: SimulatedStage, deadlineSeconds: number): Promise<string> {
  await stage.apply("web", { deploy: { approval: { deadlineSeconds } } });
  const deploy = await pushed(stage, "2");
  await at(stage, deploy, "AwaitApproval");
  await pass(stage, 5_000);
  return deploy;
}

async function approve(stage: SimulatedStage): Promise<void> {
  const { taskToken } = (await stage.cloud.complete(stage.ledger.approvals.read("web", "web-000002"))) ?? {};
  await stage.cloud.call("states", "SendTaskSuccess", { taskToken, output: JSON.stringify({ by: "ann" }) });
}

/** Deploys that are held, or met by something between two steps. */
export const stepStories: readonly Reference[] = [
  {
    name: "paused-and-resumed",
    begins: "one release",
    act: async (stage) => {
      const deploy = await atFirstStep(stage);
      await setPaused(stage, "looking at the graphs");
      await pass(stage, 5 * minuteMs);
      await setPaused(stage, undefined);
      return ended(stage, deploy);
    },
    end: "Live",
    serves: "2",
  },
  {
    name: "paused-for-too-long",
    begins: "one release",
    act: async (stage) => {
      // While it waits for a person nothing is looked at, so that most of the patience passes at once.
      const deploy = await askedApproval(stage, 14_000);
      await pass(stage, 13_900_000);
      await setPaused(stage, "looking at the graphs");
      await approve(stage);
      return ended(stage, deploy);
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "frozen-between-two-steps",
    begins: "one release",
    act: async (stage) => {
      const deploy = await atFirstStep(stage);
      await stage.cloud.complete(stage.ledger.freezes.write("web", { ...byAnn(stage, "the sale"), until: null }));
      return ended(stage, deploy);
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "overriding-a-freeze",
    begins: "one release",
    act: async (stage) => {
      await stage.cloud.complete(stage.ledger.freezes.write("web", { ...byAnn(stage, "the sale"), until: null }));
      await stage.push("web", "2");
      await stage.idle();
      return (await stage.run("Deploy", { service: "web", override: "the fix for the sale" })).arn;
    },
    end: "Live",
    serves: "2",
  },
  {
    name: "revoked-between-two-steps",
    begins: "one release",
    act: async (stage) => {
      const deploy = await atFirstStep(stage);
      const revoked = [
        { generation: "web-000002", kind: "release" as const, id: "web-000002", ...byAnn(stage, "a hole") },
      ];
      await stage.cloud.complete(stage.ledger.updateHead("web", (head) => ({ ...head, revoked })));
      return ended(stage, deploy);
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "rule-changed-between-two-steps",
    begins: "one release",
    act: async (stage) => {
      const deploy = await atFirstStep(stage);
      await revertRule(stage, groupOf(stage, "web-000001"));
      return ended(stage, deploy);
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "rule-changed-under-a-first-deploy",
    begins: "nothing",
    act: async (stage) => {
      const deploy = await pushed(stage, "1");
      await at(stage, deploy, "WaitWhileObserving");
      const Actions = [{ Type: "fixed-response", FixedResponseConfig: { StatusCode: "404" } }];
      await stage.cloud.call("elasticloadbalancing", "ModifyRule", {
        RuleArn: await ruleOf(stage, "production"),
        Actions,
      });
      await ended(stage, deploy);
      await stage.run("Deploy", { service: "web", version: "1", acceptRule: true });
      return deploy;
    },
    end: undefined,
    serves: undefined,
  },
  {
    name: "live-grows-between-two-steps",
    begins: "one release",
    act: async (stage) => {
      const deploy = await atFirstStep(stage);
      await wants(stage, "web-000001", 4);
      return ended(stage, deploy);
    },
    end: "Live",
    serves: "2",
  },
  {
    // The candidate cannot follow: EC2 has nothing left to give.
    name: "live-grows-and-the-candidate-cannot",
    begins: "one release",
    act: async (stage) => {
      const deploy = await atFirstStep(stage);
      await wants(stage, "web-000001", 4);
      await stage.settle();
      const ec2 = stage.cloud.kernel.services().find((one) => one instanceof Ec2Service);
      ec2?.capacity.setVcpuQuota(1);
      return ended(stage, deploy);
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "alarm-while-observing",
    begins: "one release",
    act: async (stage) => {
      await setAlarm(stage, "errors", "OK");
      const deploy = await atFirstStep(stage, "2", { ...canary, alarms: ["errors"] });
      await setAlarm(stage, "errors", "ALARM");
      return ended(stage, deploy);
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "approved-deploy",
    begins: "one release",
    act: async (stage) => {
      const deploy = await askedApproval(stage, 600);
      await approve(stage);
      return ended(stage, deploy);
    },
    end: "Live",
    serves: "2",
  },
  {
    name: "judged-canary",
    begins: "one release",
    act: async (stage) => {
      Object.assign(stage.cloud.publicTraffic, { host: hostOf("web"), perMinute: 600 });
      await stage.apply("web", { deploy: { strategy: "canary", steps: [10], intervalSeconds: 60, judge: {} } });
      return (await stage.deploy("web", "2")).arn;
    },
    end: undefined,
    serves: undefined,
  },
  {
    // A person gives the candidate more than its deploy did.
    name: "shares-changed-between-two-steps",
    begins: "one release",
    act: async (stage) => {
      const deploy = await atFirstStep(stage);
      const TargetGroups = [
        { TargetGroupArn: groupOf(stage, "web-000001"), Weight: 70 },
        { TargetGroupArn: groupOf(stage, "web-000002"), Weight: 30 },
      ];
      await stage.cloud.call("elasticloadbalancing", "ModifyRule", {
        RuleArn: await ruleOf(stage, "production"),
        Actions: [{ Type: "forward", ForwardConfig: { TargetGroups } }],
      });
      return ended(stage, deploy);
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "rollback-to-a-canary-while-paused",
    begins: "one release",
    act: async (stage) => {
      await stage.apply("web", canary);
      await stage.deploy("web", "2");
      await stage.deploy("web", "3");
      await setPaused(stage, "looking at the graphs");
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: "RolledBack",
    serves: "2",
  },
];
