import { Ec2Service } from "../../../local/ec2/service.ts";
import { at, pushed, wants } from "../../planted/scenes.ts";
import { makeManagedProfile, managedProfile } from "../../simulate/managed-profile.ts";
import type { SimulatedStage } from "../../simulate/simulated-stage.ts";
import type { Reference } from "../reference.ts";
import { hourMs, minuteMs, newest, pass, publishNewerBase } from "./people.ts";

async function ended(stage: SimulatedStage, arn: string): Promise<string> {
  await stage.ended(() => arn);
  return arn;
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
