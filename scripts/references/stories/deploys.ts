import { Ec2Service } from "../../../local/ec2/service.ts";
import { at, pushed, wants } from "../../planted/scenes.ts";
import { makeManagedProfile, managedProfile } from "../../simulate/managed-profile.ts";
import type { SimulatedStage } from "../../simulate/simulated-stage.ts";
import type { Reference } from "../reference.ts";
import {
  byAnn,
  groupOf,
  hourMs,
  minuteMs,
  newest,
  pass,
  publishNewerBase,
  revertRule,
  ruleOf,
  setAlarm,
} from "./people.ts";

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

/** Deploys that meet something. */
export const deployStories: readonly Reference[] = [
  {
    name: "deploy-of-everything-a-spec-may-say",
    begins: "one release",
    act: async (stage) => {
      await makeManagedProfile(stage);
      await stage.apply("web", {
        instanceType: "t3.medium",
        instanceProfile: managedProfile,
        port: 9090,
        environment: { COLOUR: "blue" },
        stopSeconds: 45,
        capacity: { min: 3, max: 6, scaling: { cpuPercent: 50, requestsPerMinute: 600 } },
        healthCheck: { path: "/ready", intervalSeconds: 10, healthyThreshold: 3 },
        hotSeconds: 7200,
        maxInstanceAgeDays: 7,
        keep: { releases: 3, days: 2 },
        observeSeconds: 60,
      });
      return (await stage.deploy("web", "2")).arn;
    },
    end: "Live",
    serves: "2",
  },
  {
    name: "linear-deploy",
    begins: "live and standby",
    act: async (stage) => {
      await stage.apply("web", { deploy: { strategy: "linear", stepPercent: 40, intervalSeconds: 30 } });
      return (await stage.deploy("web", "3")).arn;
    },
    end: "Live",
    serves: "3",
  },
  {
    name: "same-again",
    begins: "live and standby",
    act: async (stage) => (await stage.run("Deploy", { service: "web" })).arn,
    end: "Live",
    serves: "2",
  },
  {
    name: "newer-base",
    begins: "one release",
    act: async (stage) => {
      publishNewerBase(stage);
      return (await stage.deploy("web", "2")).arn;
    },
    end: "Live",
    serves: "2",
  },
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
      await setPaused(stage, "");
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
    name: "fading-first-deploy",
    begins: "nothing",
    act: async (stage) => (await stage.deploy("web", "1-fading")).arn,
    end: "FailedClean",
    serves: undefined,
  },
  {
    name: "fading-canary",
    begins: "live and standby",
    act: async (stage) => {
      await wants(stage, "web-000002", 3);
      await stage.settle();
      await stage.apply("web", { deploy: { strategy: "canary", steps: [10], intervalSeconds: 120 } });
      return (await stage.deploy("web", "3-fading")).arn;
    },
    end: "FailedClean",
    serves: "2",
  },
  {
    name: "crashing-deploy",
    begins: "live and standby",
    act: async (stage) => (await stage.deploy("web", "3-crashing")).arn,
    end: "FailedClean",
    serves: "2",
  },
  {
    name: "no-room-for-the-fleet",
    begins: "one release",
    act: async (stage) => {
      const ec2 = stage.cloud.kernel.services().find((one) => one instanceof Ec2Service);
      ec2?.capacity.setVcpuQuota(1);
      return (await stage.deploy("web", "2")).arn;
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
    name: "deploy-with-commands",
    begins: "one release",
    act: async (stage) => {
      await makeManagedProfile(stage);
      await stage.apply("web", {
        instanceProfile: managedProfile,
        validate: { commands: [{ name: "smoke", run: "./smoke.sh" }] },
        deploy: { once: { run: "./migrate.sh", timeoutSeconds: 60 } },
      });
      return (await stage.deploy("web", "2")).arn;
    },
    end: "Live",
    serves: "2",
  },
  {
    name: "image-disabled-again",
    begins: "live and cold",
    act: async (stage) => {
      const images = stage.cloud.kernel.store
        .collection<{ imageId: string; tags: Record<string, string> }>("ec2.images")
        .list();
      const ImageId = images.find(({ tags }) => tags["kiln:generation"] === "web-000001")?.imageId;
      await stage.cloud.call("ec2", "DisableImage", { ImageId });
      await stage.settle();
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: "RolledBack",
    serves: "1",
  },
  {
    name: "image-disabled-before-a-deploy",
    begins: "live and cold",
    act: async (stage) => {
      const images = stage.cloud.kernel.store
        .collection<{ imageId: string; tags: Record<string, string> }>("ec2.images")
        .list();
      const own = images.filter(({ tags }) => tags["kiln:generation"] === "web-000001");
      for (const { imageId: ImageId } of own) await stage.cloud.call("ec2", "DisableImage", { ImageId });
      await stage.settle();
      return (await stage.run("Deploy", { service: "web", version: "1" })).arn;
    },
    end: "Live",
    serves: "1",
  },
  {
    // The same bytes again, whose image somebody disabled meanwhile.
    name: "image-disabled-before-a-push",
    begins: "live and cold",
    act: async (stage) => {
      const images = stage.cloud.kernel.store
        .collection<{ imageId: string; tags: Record<string, string> }>("ec2.images")
        .list();
      const deploy = await pushed(stage, "1");
      const own = images.filter(({ tags }) => tags["kiln:generation"] === "web-000001");
      for (const { imageId: ImageId } of own) await stage.cloud.call("ec2", "DisableImage", { ImageId });
      return ended(stage, deploy);
    },
    end: "Live",
    serves: "1",
  },
  {
    name: "deploy-with-a-slow-snapshot",
    begins: "one release",
    act: async (stage) => {
      const { settings } = stage.cloud.kernel;
      settings.delays = { ...settings.delays, snapshotCompleteSeconds: 20, imageAvailableSeconds: 20 };
      return (await stage.deploy("web", "2")).arn;
    },
    end: "Live",
    serves: "2",
  },
  {
    name: "base-deregistered-while-baking",
    begins: "one release",
    act: async (stage) => {
      const deploy = await pushed(stage, "2");
      await at(stage, deploy, "WaitForImage");
      const images = stage.cloud.kernel.store
        .collection<{ imageId: string; tags: Record<string, string> }>("ec2.images")
        .list();
      const ImageId = images.find(({ tags }) => tags["kiln:role"] === "base")?.imageId;
      await stage.cloud.call("ec2", "DeregisterImage", { ImageId });
      return ended(stage, deploy);
    },
    end: undefined,
    serves: undefined,
  },
  {
    name: "quarantined",
    begins: "one release",
    act: async (stage) => {
      const { sealedGroup } = await import("../../simulate/sealed-group.ts");
      const securityGroup = await sealedGroup(stage);
      await stage.apply("web", { validate: { timeoutSeconds: 60, quarantine: { minutes: 30, securityGroup } } });
      const deploy = await stage.deploy("web", "2-unhealthy");
      await pass(stage, 40 * minuteMs);
      await stage.idle();
      await stage.run("Sweep", {});
      return deploy.arn;
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "stopped-while-the-fleet-comes",
    begins: "live and standby",
    act: async (stage) => {
      const deploy = await pushed(stage, "3");
      await at(stage, deploy, "WaitForFleet");
      await stage.stop(deploy);
      await stage.settle();
      await stage.idle();
      return newest(stage, "sweep");
    },
    end: undefined,
    serves: "2",
  },
  {
    name: "stopped-while-settling",
    begins: "live and standby",
    act: async (stage) => {
      const deploy = await pushed(stage, "3");
      await at(stage, deploy, "Settle");
      await pass(stage, 200);
      await stage.stop(deploy);
      await stage.settle();
      await stage.idle();
      await stage.cloud.until(() => stage.executions("sweep").length > 0, hourMs);
      return newest(stage, "sweep");
    },
    end: undefined,
    serves: undefined,
  },
];
