import { createHash } from "node:crypto";
import { blockBytes } from "../../../boot/release-volume.ts";
import type { ImageRecord } from "../../../local/ec2/records.ts";
import type { VersionDocument } from "../../../local/s3/documents.ts";
import { stream } from "../../../local/wire/body.ts";
import { at, pushed, wants } from "../../planted/scenes.ts";
import { hostOf } from "../../simulate/hosts.ts";
import type { SimulatedStage } from "../../simulate/simulated-stage.ts";
import type { Reference } from "../reference.ts";
import { byAnn, earlierServers, groupOf, minuteMs, newest, pass, runningOf } from "./people.ts";

const elb = "elasticloadbalancing";

async function ended(stage: SimulatedStage, arn: string): Promise<string> {
  await stage.ended(() => arn);
  return arn;
}

/** Somebody makes a rule of their own that leads to a release, to look at it. @returns The rule. */
async function ownRule(stage: SimulatedStage, generation: string): Promise<string> {
  const { Rules } = await stage.cloud.call<{ Rules: { RuleArn: string }[] }>(elb, "CreateRule", {
    ListenerArn: stage.cloud.visitors.listener.listenerArn,
    Priority: 1,
    Conditions: [{ Field: "host-header", Values: ["look.example.com"] }],
    Actions: [{ Type: "forward", TargetGroupArn: groupOf(stage, generation) }],
  });
  return Rules[0]?.RuleArn ?? "";
}

/** Somebody takes servers of a release out of its target group; its fleet has them still. */
async function takeTargetsOut(stage: SimulatedStage, generation: string, howMany: number): Promise<void> {
  const Targets = runningOf(stage, generation)
    .slice(0, howMany)
    .map((Id) => ({ Id }));
  await stage.cloud.call(elb, "DeregisterTargets", { TargetGroupArn: groupOf(stage, generation), Targets });
}

/** Takes an image of the service away, as a person does in the console. */
async function deregister({ cloud }: SimulatedStage, generation: string): Promise<void> {
  const images = cloud.kernel.store.collection<{ imageId: string; tags: Record<string, string> }>("ec2.images").list();
  const ImageId = images.find(({ tags }) => tags["kiln:generation"] === generation)?.imageId;
  await cloud.call("ec2", "DeregisterImage", { ImageId });
}

/**
 * A layer of so many blocks, all of them zeros, that the ledger knows since an earlier release: what is uploaded is one block,
 * and S3 is told that it has it again and again.
 */
async function knownLayer({ cloud, ledger, outputs }: SimulatedStage, name: string, blocks: number) {
  const key = `layers/${name}.tar.gz`;
  const Bucket = outputs["ArtifactsBucket"] ?? "";
  const block = new Uint8Array(blockBytes);
  const object = { Bucket, Key: key, Body: stream(block), ContentLength: blockBytes };
  await cloud.complete(cloud.call("s3", "PutObject", object));
  const current = cloud.kernel.store.collection<VersionDocument>(`s3.current.${Bucket}`);
  const version = current.get(key);
  const [piece] = version?.pieces ?? [];
  if (!version || !piece) throw new Error("the layer was not uploaded");
  const bytes = blocks * blockBytes;
  current.put(key, { ...version, bytes, pieces: Array.from({ length: blocks }, () => piece) });
  const digest = createHash("sha256").update(block).digest();
  const sha256 = createHash("sha256").update(name).digest("hex");
  const { parts } = ledger;
  await cloud.complete(parts.storeDigests(sha256, Buffer.concat(Array.from({ length: blocks }, () => digest))));
  const part = { name, key, versionId: version.versionId, bytes, unpackedBytes: bytes, sha256, platforms: [] };
  await cloud.complete(parts.storeLayer(part));
  return { Key: key, VersionId: version.versionId };
}

/** How a fleet begins and how it ends, where somebody is in the way. */
export const endingStories: readonly Reference[] = [
  {
    // Neither its own deploy nor the sweep takes it away while somebody else's rule leads there.
    name: "candidate-that-somebody-looks-at",
    begins: "one release",
    act: async (stage) => {
      const deploy = await pushed(stage, "2-unhealthy");
      await at(stage, deploy, "WaitForFleet");
      const RuleArn = await ownRule(stage, "web-000002");
      await ended(stage, deploy);
      await stage.idle();
      await stage.run("Sweep", {});
      await stage.idle();
      await stage.cloud.call(elb, "DeleteRule", { RuleArn });
      return deploy;
    },
    end: "FailedDirty",
    serves: "1",
  },
  {
    // The deploy that would retire it leaves it alone; the sweep takes it once nobody looks any more.
    name: "old-standby-that-somebody-looks-at",
    begins: "live and standby",
    act: async (stage) => {
      const RuleArn = await ownRule(stage, "web-000001");
      const deploy = await stage.deploy("web", "3");
      await stage.run("Sweep", {});
      await stage.cloud.call(elb, "DeleteRule", { RuleArn });
      await stage.run("Sweep", {});
      return deploy.arn;
    },
    end: "Live",
    serves: "3",
  },
  {
    // The sweep finishes the deploy, and leaves it alone as well.
    name: "old-standby-looked-at-and-a-deploy-stopped",
    begins: "live and standby",
    act: async (stage) => {
      const RuleArn = await ownRule(stage, "web-000001");
      const deploy = await pushed(stage, "3");
      await at(stage, deploy, "RetireFleets");
      await stage.stop(deploy);
      await stage.settle();
      await stage.idle();
      const sweep = newest(stage, "sweep");
      await stage.cloud.call(elb, "DeleteRule", { RuleArn });
      await stage.run("Sweep", {});
      return sweep;
    },
    end: "Swept",
    serves: "3",
  },
  {
    // Its servers are shutting down for longer than its deploy is patient.
    name: "candidate-whose-servers-stay",
    begins: "one release",
    act: async (stage) => {
      const { settings } = stage.cloud.kernel;
      settings.delays = { ...settings.delays, instanceTerminateSeconds: 95 * 60 };
      await stage.apply("web", { validate: { timeoutSeconds: 60 } });
      const deploy = await stage.deploy("web", "2-unhealthy");
      await pass(stage, 10 * minuteMs);
      return deploy.arn;
    },
    end: "FailedDirty",
    serves: "1",
  },
  {
    name: "live-and-standby-touched",
    begins: "live and standby",
    act: async (stage) => {
      for (const generation of ["web-000001", "web-000002"]) {
        const [InstanceId] = runningOf(stage, generation);
        await stage.cloud.call("ec2", "ModifyInstanceMetadataOptions", { InstanceId, HttpTokens: "optional" });
      }
      const { arn } = await stage.run("Sweep", {});
      await stage.idle();
      return arn;
    },
    end: "Swept",
    serves: "2",
  },
  {
    // It was found good; only what is not is worth a look.
    name: "nobody-quarantined-for-a-freeze",
    begins: "one release",
    act: async (stage) => {
      const { sealedGroup } = await import("../../simulate/sealed-group.ts");
      const securityGroup = await sealedGroup(stage);
      await stage.apply("web", {
        deploy: { strategy: "canary", steps: [10], intervalSeconds: 60 },
        validate: { quarantine: { minutes: 30, securityGroup } },
      });
      const deploy = await pushed(stage, "2");
      await at(stage, deploy, "WaitWhileObserving");
      await stage.cloud.complete(stage.ledger.freezes.write("web", { ...byAnn(stage, "the sale"), until: null }));
      return ended(stage, deploy);
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    // It has two servers, live has three, and there may be four.
    name: "rollback-to-a-standby-that-is-one-short",
    begins: "live and standby",
    act: async (stage) => {
      await wants(stage, "web-000002", 3);
      await stage.settle();
      await stage.settle();
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: "RolledBack",
    serves: "1",
  },
  {
    name: "rollback-to-a-standby-without-targets",
    begins: "live and standby",
    act: async (stage) => {
      await takeTargetsOut(stage, "web-000001", 2);
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: "FailedClean",
    serves: "2",
  },
  {
    // Live has three servers; two of them get nothing any more.
    name: "rollback-to-live-without-targets",
    begins: "one release",
    act: async (stage) => {
      await wants(stage, "web-000001", 3);
      await stage.settle();
      await stage.settle();
      await stage.apply("web", { observeSeconds: 300 });
      const deploy = await pushed(stage, "2");
      await at(stage, deploy, "WaitWhileObserving");
      await takeTargetsOut(stage, "web-000001", 2);
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: "FailedDirty",
    serves: undefined,
  },
  {
    // Its rule stands, so that its size is not that of the servers before Kiln.
    name: "adopting-again-after-a-stop",
    begins: "nothing",
    act: async (stage) => {
      await earlierServers(stage, hostOf("web"));
      await stage.apply("web", { adopt: true, capacity: { min: 1, max: 3 }, observeSeconds: 300 });
      const first = await pushed(stage, "1");
      await at(stage, first, "WaitWhileObserving");
      await stage.stop(first);
      return (await stage.deploy("web", "2")).arn;
    },
    end: "Live",
    serves: "2",
  },
  {
    name: "image-deregistered-before-the-launch",
    begins: "one release",
    act: async (stage) => {
      const deploy = await pushed(stage, "2");
      await at(stage, deploy, "LaunchFleet");
      await deregister(stage, "web-000002");
      return ended(stage, deploy);
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "base-with-a-volume-before-its-root",
    begins: "one release",
    act: async (stage) => {
      const images = stage.cloud.kernel.store.collection<ImageRecord>("ec2.images");
      for (const base of images.list().filter(({ tags }) => tags["kiln:role"] === "base")) {
        const ebs = { volumeSizeGiB: 40, volumeType: "gp3", encrypted: true, deleteOnTermination: true };
        images.put(base.imageId, { ...base, mappings: [{ deviceName: "/dev/sdf", ebs }, ...base.mappings] });
      }
      return (await stage.deploy("web", "2")).arn;
    },
    end: "Live",
    serves: "2",
  },
  {
    // It is written in two ranges, and somebody deletes it after the first turn.
    name: "large-layer-deleted-while-baking",
    begins: "one release",
    act: async (stage) => {
      const { Key, VersionId } = await knownLayer(stage, "runtime", 511);
      await stage.apply("web", { layers: ["runtime"] });
      const deploy = await pushed(stage, "2");
      await at(stage, deploy, "WriteRanges");
      await pass(stage, 1_000);
      await stage.cloud.call("s3", "DeleteObject", { Bucket: stage.outputs["ArtifactsBucket"], Key, VersionId });
      return ended(stage, deploy);
    },
    end: "FailedClean",
    serves: "1",
  },
];
