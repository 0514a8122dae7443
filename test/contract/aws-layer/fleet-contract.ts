import { createHash } from "node:crypto";
import { DescribeImagesCommand } from "@aws-sdk/client-ec2";
import { expect } from "vitest";
import { releaseWith } from "../../cli/support/releases.ts";
import { until } from "../../e2e/support/until.ts";
import type { Place } from "./place.ts";
import type { Contract } from "./storage-contract.ts";

const stage = { "kiln:stage": "contract" };
const blockBytes = 524_288;
const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

/** A plain Linux image of Amazon's: every account has one. */
async function publicBase({ clients }: Place): Promise<string> {
  const { Images = [] } = await clients.ec2.send(new DescribeImagesCommand({ Owners: ["amazon"] }));
  return Images.find(({ Name }) => /^al2023-ami-2023\..*x86_64$/.test(Name ?? ""))?.ImageId ?? "";
}

async function writtenSnapshot({ snapshots, keyArn }: Place, token: string): Promise<string> {
  const id = await snapshots.start({ gib: 1, token, keyArn, tags: { ...stage, token }, description: "contract" });
  const block = new Uint8Array(blockBytes).fill(7);
  await until("blocks to be taken", () => snapshots.put(id, 0, block, digest(block)));
  await snapshots.complete(id, 1, digest(digest(block)));
  await until("the snapshot to be completed", async () => (await snapshots.state(id)) === "completed");
  return id;
}

export const bakeContract: Contract = {
  "snapshots: the same token starts the same snapshot": async ({ snapshots, keyArn }) => {
    const input = { gib: 1, token: "same-token", keyArn, tags: stage, description: "contract" };
    expect(await snapshots.start(input)).toBe(await snapshots.start(input));
  },
  "snapshots: written blocks are sealed, and EC2 calls the snapshot completed": async (place) => {
    const id = await writtenSnapshot(place, "sealed");
    expect(await place.snapshots.state(id)).toBe("completed");
    expect(await place.snapshots.state("snap-0123456789abcdef0")).toBeUndefined();
  },
  "snapshots: a block whose digest is another's is refused": async ({ snapshots, keyArn }) => {
    const id = await snapshots.start({ gib: 1, token: "wrong-block", keyArn, tags: stage, description: "contract" });
    const block = new Uint8Array(blockBytes).fill(1);
    await until("blocks to be taken", () => snapshots.put(id, 0, block, digest(block)));
    await expect(snapshots.put(id, 1, block, digest(new Uint8Array(1)))).rejects.toMatchObject({
      name: "ValidationException",
    });
  },
  "snapshots: a seal over other digests is refused": async ({ snapshots, keyArn }) => {
    const id = await snapshots.start({ gib: 1, token: "wrong-seal", keyArn, tags: stage, description: "contract" });
    const block = new Uint8Array(blockBytes).fill(1);
    await until("blocks to be taken", () => snapshots.put(id, 0, block, digest(block)));
    await expect(snapshots.complete(id, 1, digest(block))).rejects.toMatchObject({ name: "ValidationException" });
  },
  "images: a base is plain Linux, and one that is not there is refused": async (place) => {
    await expect(place.images.base("ami-0123456789abcdef0")).rejects.toMatchObject({ name: "BaseRefusedError" });
    const base = await place.images.base(await publicBase(place));
    expect(base).toMatchObject({ PlatformDetails: "Linux/UNIX", VirtualizationType: "hvm" });
  },
  "images: a base is copied, a release registered on it and taken away, and gone is done": async (place) => {
    const { images } = place;
    const owned = await ownedBase(place);
    const snapshotId = await writtenSnapshot(place, "release-volume");
    await images.register({ name: "contract/image", base: owned, snapshotId, rootGib: 8, tags: stage });
    const { image } = await until("the image", async () => {
      const found = await images.find("contract/image");
      return found.state === "available" && found;
    });
    expect(image?.Name).toBe("contract/image");
    await images.deregister(image?.ImageId ?? "");
    await images.deregister(image?.ImageId ?? "");
    expect((await images.find("contract/image")).state).toBe("absent");
  },
  "images: a second copy with the same token is the first": async (place) => {
    const sourceImageId = await publicBase(place);
    const copy = { name: "contract/twice", sourceImageId, region: "us-east-1", keyArn: place.keyArn, token: "copy-2" };
    await place.images.copy({ ...copy, tags: stage });
    await place.images.copy({ ...copy, tags: stage });
    await until("the copy", async () => (await place.images.find("contract/twice")).state === "available");
    expect(await imagesNamed(place, "contract/twice")).toHaveLength(1);
  },
  "images: what is registered is what was asked for, and its name is taken": async (place) => {
    const base = await ownedBase(place);
    const snapshotId = await writtenSnapshot(place, "verified-volume");
    const input = { name: "contract/verified", base, snapshotId, rootGib: 8, tags: stage };
    await place.images.register(input);
    await place.images.register(input);
    const image = await until("the image", async () => {
      const found = await place.images.find("contract/verified");
      return found.state === "available" && found.image;
    });
    place.images.verify(image, base, snapshotId);
    expect(await imagesNamed(place, "contract/verified")).toHaveLength(1);
  },
  "snapshots: one that an image uses stays": async (place) => {
    const base = await ownedBase(place);
    const snapshotId = await writtenSnapshot(place, "in-use");
    await place.images.register({ name: "contract/holder", base, snapshotId, rootGib: 8, tags: stage });
    await place.snapshots.deleteTagged({ ...stage, token: "in-use" });
    expect(await place.snapshots.state(snapshotId)).toBe("completed");
  },
};

async function imagesNamed({ clients }: Place, name: string) {
  const found = await clients.ec2.send(
    new DescribeImagesCommand({ Owners: ["self"], Filters: [{ Name: "name", Values: [name] }] }),
  );
  return found.Images ?? [];
}

async function ownedBase(place: Place) {
  const name = "contract/owned";
  const known = await place.images.find(name);
  const sourceImageId = await publicBase(place);
  const copy = { name, sourceImageId, region: "us-east-1", keyArn: place.keyArn, token: "owned" };
  if (known.state === "absent") await place.images.copy({ ...copy, tags: stage });
  return until("the owned base", async () => {
    const { state, image } = await place.images.find(name);
    return state === "available" && image;
  });
}

async function releaseHere(place: Place, generation: string) {
  const network = await place.networks.resolve(place.listenerArn, []);
  return releaseWith({ generation, network, trialSecret: `${generation}-0123456789abcdef` });
}

async function template(place: Place, name: string, generation: string): Promise<number> {
  const { securityGroupIds } = (await releaseHere(place, generation)).network;
  const data = {
    imageId: await publicBase(place),
    instanceType: "t3.micro",
    securityGroupIds,
    instanceProfile: undefined,
    userData: "#!/bin/sh\n",
    tags: { ...stage, "kiln:generation": generation },
  };
  return place.templates.ensure({ name, generation, token: `${name}-${generation}`, data, tags: stage });
}

export const launchContract: Contract = {
  "networks: a listener says where fleets live, and one that is gone is refused by name": async (place) => {
    const network = await place.networks.resolve(place.listenerArn, []);
    expect(network.subnetIds).toHaveLength(2);
    expect(network.securityGroupIds[0]).toMatch(/^sg-/);
    const gone = place.listenerArn.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    await expect(place.networks.resolve(gone, [])).rejects.toMatchObject({ name: "NetworkError" });
  },
  "templates: a release has one version, found again, and the default one can go": async (place) => {
    expect(await template(place, "contract", "web-000001")).toBe(1);
    expect(await until("the first version to be seen again", () => template(place, "contract", "web-000001"))).toBe(1);
    // Right after the template was made, another release is asked for patience: EC2 may not show it yet.
    const second = () =>
      template(place, "contract", "web-000002").catch((error: Error) => {
        if (error.name !== "TransientError") throw error;
        return undefined;
      });
    expect(await until("the template to be seen by another release", second)).toBe(2);
    await place.templates.remove("contract", "web-000001");
    expect(await template(place, "contract", "web-000002")).toBe(2);
    await place.templates.remove("contract", "web-000002");
    await place.templates.remove("contract", "web-000002");
  },
  "target groups: a release has one, and it cannot go while a rule needs it": async (place) => {
    const release = await releaseHere(place, "web-000003");
    const arn = await place.targetGroups.ensure("web-000003", release, stage);
    expect(await place.targetGroups.ensure("web-000003", release, stage)).toBe(arn);
    expect(await place.targetGroups.health(arn)).toEqual({ healthy: 0, total: 0, reasons: [] });
    await place.traffic.ensureTrial(release, arn);
    expect(await place.targetGroups.delete(arn)).toBe(false);
    for (const rule of await place.traffic.rules(place.listenerArn)) await place.traffic.delete(rule.arn);
    expect(await place.targetGroups.delete(arn)).toBe(true);
    expect(await place.targetGroups.find("web-000003")).toBeUndefined();
    expect(await place.targetGroups.delete(arn)).toBe(true);
  },
  "traffic: production moves in one change of one rule, and trial rules stand above it": async (place) => {
    const [blue, green] = [await releaseHere(place, "web-000004"), await releaseHere(place, "web-000005")];
    const groups = [
      await place.targetGroups.ensure("web-000004", blue, stage),
      await place.targetGroups.ensure("web-000005", green, stage),
    ];
    const [from = "", to = ""] = groups;
    await place.traffic.createProduction(blue, [{ targetGroupArn: from, weight: 1 }]);
    await place.traffic.ensureTrial(green, to);
    await place.traffic.ensureTrial(green, to);
    const rule = await place.traffic.production(place.listenerArn, "web");
    if (!rule) throw new Error("there is no production rule");
    await place.traffic.change(rule, [
      { targetGroupArn: to, weight: 1 },
      { targetGroupArn: from, weight: 0 },
    ]);
    const rules = await place.traffic.rules(place.listenerArn);
    expect(rules.map(({ role }) => role).sort()).toEqual(["production", "trial"]);
    const weights = rules.find(({ role }) => role === "production")?.weights ?? [];
    expect(new Map(weights.map(({ targetGroupArn, weight }) => [targetGroupArn, weight]))).toEqual(
      new Map([
        [to, 1],
        [from, 0],
      ]),
    );
    for (const { arn } of rules) await place.traffic.delete(arn);
    for (const arn of groups) expect(await place.targetGroups.delete(arn)).toBe(true);
  },
  "traffic: a weight above 999 is refused": async (place) => {
    const release = await releaseHere(place, "web-000006");
    const arn = await place.targetGroups.ensure("web-000006", release, stage);
    const made = place.traffic.createProduction(release, [{ targetGroupArn: arn, weight: 1000 }]);
    await expect(made).rejects.toMatchObject({ name: "ValidationError" });
  },
  "traffic: deleting a rule that is gone is done": async (place) => {
    const release = await releaseHere(place, "web-000009");
    const arn = await place.targetGroups.ensure("web-000009", release, stage);
    await place.traffic.ensureTrial(release, arn);
    const rule = (await place.traffic.rules(place.listenerArn)).find(({ generation }) => generation === "web-000009");
    await place.traffic.delete(rule?.arn ?? "");
    await place.traffic.delete(rule?.arn ?? "");
  },
  "fleets: one takes its size, is emptied before it goes, and gone is done": async (place) => {
    const release = await releaseHere(place, "web-000007");
    const version = await template(place, "contract-fleet", "web-000007");
    const targetGroupArn = await place.targetGroups.ensure("web-000007", release, stage);
    const { subnetIds } = release.network;
    const input = { name: "contract-web-000007", template: { name: "contract-fleet", version }, size: 1, max: 2 };
    const create = () =>
      place.fleets.create({ ...input, subnetIds, targetGroupArn, tags: { ...stage, fleet: "seven" } });
    await until("the template to be known", () => create().then(() => true, transient));
    const one = await until("an instance in service", async () => {
      const fleet = await place.fleets.read(input.name);
      return fleet?.inService === 1 && fleet;
    });
    expect(one).toMatchObject({ desired: 1, min: 1, max: 2, deleting: false });
    expect(await place.instances.tagged({ fleet: "seven" })).toEqual(one.instanceIds);
    await place.fleets.settle(input.name, { min: 1, max: 2, graceSeconds: 600, warmUpSeconds: 10, maxAgeSeconds: 0 });
    await place.fleets.empty(input.name);
    await until("the fleet to be gone", async () => {
      await place.fleets.delete(input.name);
      return (await place.fleets.read(input.name)) === undefined;
    });
    await place.fleets.empty(input.name);
    expect(await place.fleets.delete(input.name)).toBe(true);
  },
  "fleets: one that exists is not made again": async (place) => {
    const release = await releaseHere(place, "web-000010");
    const version = await template(place, "contract-once", "web-000010");
    const targetGroupArn = await place.targetGroups.ensure("web-000010", release, stage);
    const made = { name: "contract-once", version };
    const { subnetIds } = release.network;
    const input = { name: "contract-web-000010", template: made, max: 2, subnetIds, targetGroupArn, tags: stage };
    await until("the template to be known", () =>
      place.fleets.create({ ...input, size: 0 }).then(() => true, transient),
    );
    await place.fleets.create({ ...input, size: 1 });
    expect(await place.fleets.read(input.name)).toMatchObject({ desired: 0 });
  },
  "fleets: one with instances is not deleted": async (place) => {
    const release = await releaseHere(place, "web-000008");
    const version = await template(place, "contract-held", "web-000008");
    const targetGroupArn = await place.targetGroups.ensure("web-000008", release, stage);
    const name = "contract-web-000008";
    const { subnetIds } = release.network;
    const create = () =>
      place.fleets.create({
        name,
        template: { name: "contract-held", version },
        size: 1,
        max: 1,
        subnetIds,
        targetGroupArn,
        tags: stage,
      });
    await until("the template to be known", () => create().then(() => true, transient));
    await until("an instance", async () => ((await place.fleets.read(name))?.instanceIds.length ?? 0) > 0);
    expect(await place.fleets.delete(name)).toBe(false);
  },
};

function transient(error: Error): false {
  if (error.name === "TransientError") return false;
  throw error;
}
