import { beforeAll, describe, expect, it } from "vitest";
import type { SnapshotRecord } from "../../local/ebs/snapshots.ts";
import { publicBases } from "../../local/ec2/public-bases.ts";
import type { ImageRecord } from "../../local/ec2/records.ts";
import { SsmService } from "../../local/ssm/service.ts";
import { hostOf } from "../../scripts/simulate/hosts.ts";
import type { SimulatedStage } from "../../scripts/simulate/simulated-stage.ts";
import { ownedBaseName } from "../../shared/domain/names.ts";
import { knownBases } from "../../shared/domain/service-spec.ts";
import { type LiveService, liveService } from "./live-service.ts";

let prepared: LiveService;

beforeAll(async () => {
  prepared = await liveService();
}, 120_000);

const dayMs = 24 * 3_600_000;

/** Any other image that is plain Linux does for a newer one. */
const newerBase = publicBases.find(({ name }) => /^debian-12-amd64/.test(name))?.imageId ?? "";

function publishNewerBase(stage: SimulatedStage): void {
  const ssm = stage.cloud.kernel.services().find((service) => service instanceof SsmService);
  ssm?.seedPublic(knownBases.al2023.x86_64, newerBase);
}

interface Outcome {
  services: { service: string; reason: string; execution?: string }[];
  left: { service: string; reason: string }[];
}

/** Runs a refresh, and the deploys that it starts. */
async function refresh(stage: SimulatedStage, input: object = {}): Promise<Outcome> {
  const run = await stage.run("Refresh", input);
  expect(run).toMatchObject({ status: "SUCCEEDED" });
  await stage.idle();
  return JSON.parse(run.output ?? "{}") as Outcome;
}

const head = (stage: SimulatedStage) => stage.cloud.complete(stage.ledger.head("web"));

function served(stage: SimulatedStage): string[] {
  return stage.cloud.visitors
    .visit(hostOf("web"))
    .map((visit) => ("problem" in visit ? visit.problem : visit.program.version));
}

/** A service whose every further deploy of what is live fails in validation. */
async function withBrokenArtifact(): Promise<SimulatedStage> {
  const stage = await prepared.open({ validate: { probes: [{ path: "/", status: 418 }], timeoutSeconds: 30 } });
  publishNewerBase(stage);
  return stage;
}

describe("a base", () => {
  const named = (start: string) => publicBases.find(({ name }) => name.startsWith(start))?.imageId ?? "";

  it.each([
    ["Ubuntu 24.04", "ubuntu-24.04", named("ubuntu/")],
    ["Debian 12", "debian-12", newerBase],
    ["a fixed AMI", { ami: newerBase }, newerBase],
  ])("is copied once, encrypted, for every release on it: %s", async (_, base, imageId) => {
    const stage = await prepared.open({ base });
    for (const version of ["2", "3"]) expect(await stage.deploy("web", version)).toMatchObject({ status: "SUCCEEDED" });
    const release = await stage.cloud.complete(stage.ledger.release("web", "web-000003"));
    expect(release?.base.imageId).toBe(imageId);
    const images = stage.cloud.kernel.store.collection<ImageRecord>("ec2.images").list();
    const copies = images.filter(({ name }) => name === ownedBaseName("dev", imageId));
    expect(copies).toHaveLength(1);
    const snapshots = stage.cloud.kernel.store.collection<SnapshotRecord>("ebs.snapshots");
    const devices = copies[0]?.mappings.flatMap((mapping) => mapping.ebs?.snapshotId ?? []) ?? [];
    expect(devices.map((id) => snapshots.get(id)?.encrypted)).toEqual([true]);
  });
});

describe("a refresh", () => {
  it("starts nothing while base and fleet are what they should be", async () => {
    const stage = await prepared.open();
    expect(await refresh(stage)).toEqual({ services: [], left: [] });
    expect(stage.executions("deploy")).toHaveLength(1);
  });

  it("deploys what is live again, by schedule, once its fleet is older than its limit", async () => {
    const stage = await prepared.open({ refresh: { maxAgeDays: 1 } });
    // The limit counts from the deploy that has it.
    await stage.deploy("web", "2");
    expect((await refresh(stage)).services).toEqual([]);
    const began = stage.cloud.clock.now();
    const third = () => stage.executions("deploy")[2];
    expect(await stage.cloud.until(() => third()?.status === "SUCCEEDED", 3 * dayMs)).toBe(true);
    expect(stage.cloud.clock.now() - began).toBeGreaterThan(dayMs);
    expect(stage.path(third()?.arn ?? "")).toEqual(expect.arrayContaining(["LaunchFleet", "ValidateFleet", "Live"]));
    expect(JSON.parse(third()?.input ?? "{}")).toEqual({
      service: "web",
      refresh: true,
      replacing: "web-000002",
      reason: "its fleet is 1 days old, its limit is 1",
    });
    expect((await head(stage)).live?.generation).toBe("web-000003");
    expect((await refresh(stage)).services).toEqual([]);
    expect(served(stage)).toEqual(["2", "2"]);
  });

  it("stays on a pinned base, goes to another one that is pinned, and to the newest once it is taken off", async () => {
    const stage = await prepared.open();
    const old = await stage.cloud.complete(stage.ledger.release("web", "web-000001"));
    const pin = { imageId: old?.base.imageId ?? "", by: "ann", at: "2026-01-01T00:00:00Z", reason: "a driver" };
    await stage.cloud.complete(stage.ledger.updateHead("web", (present) => ({ ...present, basePin: pin })));
    publishNewerBase(stage);
    expect((await refresh(stage)).services).toEqual([]);
    await stage.cloud.complete(stage.ledger.updateHead("web", (present) => ({ ...present, basePin: null })));
    expect((await refresh(stage)).services).toMatchObject([{ service: "web" }]);
    expect(await stage.cloud.complete(stage.ledger.release("web", "web-000002"))).toMatchObject({
      base: { imageId: newerBase },
    });
  });

  it("pauses a service after three failures in a row, announces it once, and goes on when it is resumed", async () => {
    const stage = await withBrokenArtifact();
    for (const failures of [1, 2, 3]) {
      expect((await refresh(stage)).services).toHaveLength(1);
      expect((await head(stage)).refresh?.failures).toHaveLength(failures);
    }
    expect((await head(stage)).refresh?.paused).toMatchObject({
      cause: "web-000004",
      why: "3 refreshes in a row failed, the last with ValidationFailedError",
    });
    const before = stage.executions("deploy").length;
    expect(await refresh(stage)).toEqual({
      services: [],
      left: [{ service: "web", reason: expect.stringContaining("is paused: 3 refreshes in a row failed") }],
    });
    expect(stage.executions("deploy")).toHaveLength(before);
    expect(served(stage)).toEqual(["1", "1"]);
    expect(await stage.cloud.complete(stage.keys("services/web/refresh-paused/"))).toEqual([
      "services/web/refresh-paused/web-000004.json",
    ]);
    await stage.apply("web");
    await stage.deploy("web", "2");
    expect((await head(stage)).refresh).toEqual({ failures: [], paused: null });
  });

  it("does not bring again what was rolled back", async () => {
    const stage = await prepared.open();
    publishNewerBase(stage);
    await refresh(stage);
    expect((await stage.run("Rollback", { service: "web" })).status).toBe("SUCCEEDED");
    expect(await refresh(stage)).toMatchObject({
      services: [],
      left: [{ reason: expect.stringContaining("web-000002, which a refresh had made, was rolled back") }],
    });
    expect((await head(stage)).live?.generation).toBe("web-000001");
  });

  it("leaves a service alone that is frozen, and one that somebody deploys", async () => {
    const stage = await prepared.open();
    publishNewerBase(stage);
    const freeze = { reason: "the sale", by: "ann", at: "2026-01-01T00:00:00Z", until: null };
    await stage.cloud.complete(stage.ledger.freezes.write("web", freeze));
    expect(await refresh(stage)).toMatchObject({
      services: [],
      left: [{ service: "web", reason: expect.stringContaining("the sale") }],
    });
    await stage.cloud.complete(stage.ledger.freezes.write("web", null));
    await stage.push("web", "2");
    await stage.cloud.until(
      () => stage.executions("deploy").some(({ arn }) => stage.stateOf(arn) === "WaitForFleet"),
      dayMs,
    );
    expect(await refresh(stage)).toMatchObject({ services: [], left: [{ reason: "web-000002 is being deployed" }] });
    expect((await stage.cloud.complete(stage.ledger.release("web", "web-000002")))?.base.imageId).toBe(newerBase);
  });

  it("refreshes a service that is named with a reason, although nothing about it is stale", async () => {
    const stage = await prepared.open();
    expect(await refresh(stage, { service: "web", reason: "its base is revoked", now: true })).toMatchObject({
      services: [{ service: "web", reason: "its base is revoked" }],
    });
    expect((await head(stage)).live?.generation).toBe("web-000002");
  });

  it("fails when it is asked something else, and starts nothing", async () => {
    const stage = await prepared.open();
    expect(await stage.run("Refresh", { servise: "web" })).toMatchObject({ status: "FAILED" });
    await stage.idle();
    expect(stage.executions("deploy")).toHaveLength(1);
  });
});
