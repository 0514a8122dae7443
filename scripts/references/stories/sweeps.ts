import { fleetName } from "../../../shared/domain/names.ts";
import { type SimulatedStage, stageName } from "../../simulate/simulated-stage.ts";
import type { Reference } from "../reference.ts";
import { asked, byAnn, hourMs, minuteMs, newest, pass, publishNewerBase, runningOf } from "./people.ts";

async function swept(stage: SimulatedStage): Promise<string> {
  const { arn } = await stage.run("Sweep", {});
  await stage.idle();
  return arn;
}

/** What sweeps find, and do about it. */
export const sweepStories: readonly Reference[] = [
  {
    name: "touched-instances",
    begins: "one release",
    act: async (stage) => {
      for (const InstanceId of runningOf(stage, "web-000001")) {
        await stage.cloud.call("ec2", "ModifyInstanceMetadataOptions", { InstanceId, HttpTokens: "optional" });
      }
      return swept(stage);
    },
    end: "Swept",
    serves: "1",
  },
  {
    name: "touched-by-a-login",
    begins: "one release",
    act: async (stage) => {
      const [instanceId] = runningOf(stage, "web-000001");
      const touched = { instanceId, what: "SendSSHPublicKey", by: "arn:aws:sts::123456789012:assumed-role/admin/ann" };
      const { arn } = await stage.run("Sweep", { touched });
      await stage.idle();
      return arn;
    },
    end: "Swept",
    serves: "1",
  },
  {
    name: "touched-and-no-other-comes",
    begins: "one release",
    act: async (stage) => {
      const [InstanceId] = runningOf(stage, "web-000001");
      await stage.cloud.call("ec2", "ModifyInstanceMetadataOptions", { InstanceId, HttpTokens: "optional" });
      const AutoScalingGroupName = fleetName(stageName, "web-000001");
      await stage.cloud.call("autoscaling", "SuspendProcesses", { AutoScalingGroupName, ScalingProcesses: ["Launch"] });
      const sweep = await swept(stage);
      await stage.cloud.call("autoscaling", "ResumeProcesses", { AutoScalingGroupName, ScalingProcesses: ["Launch"] });
      return sweep;
    },
    end: undefined,
    serves: "1",
  },
  {
    name: "images-that-nothing-needs",
    begins: "live and standby",
    act: async (stage) => {
      await stage.apply("web", { keep: { releases: 2, graceHours: 1 } });
      await stage.deploy("web", "3");
      await pass(stage, 61 * minuteMs);
      await stage.idle();
      await swept(stage);
      await pass(stage, 31 * minuteMs);
      await stage.idle();
      await swept(stage);
      await pass(stage, 61 * minuteMs);
      await stage.idle();
      return swept(stage);
    },
    end: "Swept",
    serves: "3",
  },
  {
    name: "inventory-distrusted",
    begins: "live and standby",
    act: async (stage) => {
      const at = new Date(stage.cloud.clock.now()).toISOString();
      await stage.cloud.complete(stage.imageRecords.counted("web", { at, images: 9 }));
      const sweep = await swept(stage);
      await stage.cloud.complete(stage.imageRecords.counted("web", { at, images: 2 }));
      return sweep;
    },
    end: undefined,
    serves: "2",
  },
  {
    name: "asked-by-hand",
    begins: "live and standby",
    act: async (stage) => {
      await asked(stage, "ReapFunction", { mode: "survey" });
      await asked(stage, "ReapFunction", { mode: "survey", service: "web" });
      await asked(stage, "ReapFunction", { mode: "way-back", service: "web" });
      await asked(stage, "BaseFunction", { find: "unneeded" });
      await asked(stage, "BaseFunction", { find: "stale", request: {} });
      return swept(stage);
    },
    end: "Swept",
    serves: "2",
  },
  {
    name: "another-base-ahead",
    begins: "nothing",
    act: async (stage) => {
      const images = await stage.cloud.call<{ Images: { ImageId: string; Name: string }[] }>("ec2", "DescribeImages", {
        Owners: ["amazon", "136693071363", "099720109477"],
      });
      for (const { ImageId: baseImageId } of images.Images) {
        for (let look = 0; look < 3; look++) {
          await asked(stage, "BaseFunction", { baseImageId });
          await pass(stage, look === 0 ? 5_000 : 5 * minuteMs);
        }
      }
      return swept(stage);
    },
    end: "Swept",
    serves: undefined,
  },
  {
    name: "dirty-end",
    begins: "one release",
    act: async (stage) => {
      const { kernel } = stage.cloud;
      const judge = kernel.judge;
      kernel.judge = (caller, requirement) =>
        requirement.action === "ec2:DeregisterImage" ? "because a story says so" : judge(caller, requirement);
      const deploy = await stage.deploy("web", "2-unhealthy");
      kernel.judge = judge;
      await stage.idle();
      await swept(stage);
      return deploy.arn;
    },
    end: "FailedDirty",
    serves: "1",
  },
  {
    name: "revoked-and-swept",
    begins: "live and standby",
    act: async (stage) => {
      const revocation = { kind: "release" as const, id: "web-000002", ...byAnn(stage, "a hole") };
      await stage.cloud.complete(stage.ledger.revocations.update(() => [revocation]));
      return swept(stage);
    },
    end: "Swept",
    serves: "1",
  },
  {
    name: "base-revoked-and-swept",
    begins: "one release",
    act: async (stage) => {
      publishNewerBase(stage);
      const old = await stage.cloud.complete(stage.ledger.release("web", "web-000001"));
      const revocation = { kind: "base" as const, id: old?.base.imageId ?? "", ...byAnn(stage, "a hole") };
      await stage.cloud.complete(stage.ledger.revocations.update(() => [revocation]));
      const sweep = await swept(stage);
      await pass(stage, 5 * minuteMs);
      return sweep;
    },
    end: "Swept",
    serves: "1",
  },
  {
    name: "pin-that-outlived-its-maker",
    begins: "one release",
    act: async (stage) => {
      const AutoScalingGroupName = fleetName(stageName, "web-000001");
      await stage.cloud.call("autoscaling", "UpdateAutoScalingGroup", { AutoScalingGroupName, MinSize: 2 });
      const until = new Date(stage.cloud.clock.now() + minuteMs).toISOString();
      const pin = { generation: "web-000001", min: 2, lasting: 1, until, by: "gone", reason: "a story" };
      await stage.cloud.complete(stage.ledger.updatePins("web", () => [pin]));
      await pass(stage, 2 * minuteMs);
      await swept(stage);
      await stage.cloud.call("autoscaling", "UpdateAutoScalingGroup", { AutoScalingGroupName, MinSize: 2 });
      await stage.cloud.until(() => false, hourMs);
      await stage.idle();
      return newest(stage, "sweep");
    },
    end: "Swept",
    serves: "1",
  },
];
