import { beforeAll, describe, expect, it } from "vitest";
import { hostOf } from "../../scripts/simulate/hosts.ts";
import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import {
  openStage,
  type PreparedStage,
  prepareStage,
  type SimulatedStage,
  stageName,
} from "../../scripts/simulate/simulated-stage.ts";

let prepared: PreparedStage;

beforeAll(async () => {
  prepared = await prepareStage(await packageInMemory(stageName));
}, 120_000);

const forward = [
  "Admit",
  "IsAdmitted",
  "BakeImage",
  "IsImageReady",
  "PreFlight",
  "WaitForImage",
  "LaunchFleet",
  "WaitForFleet",
  "ValidateFleet",
  "IsFleetValid",
];

async function open(seed = 1): Promise<SimulatedStage> {
  return openStage(seed, prepared);
}

/** Versions that visitors get, one for each node of the load balancer; a request without an answer says why. */
function served(stage: SimulatedStage): string[] {
  return stage.cloud.visitors
    .visit(hostOf("web"))
    .map((visit) => ("problem" in visit ? visit.problem : visit.program.version));
}

describe("the simulated stage", () => {
  it("takes a push through the packaged deploy machine until visitors get the new release", async () => {
    const stage = await open();
    const run = await stage.deploy("web", "1");
    const path = stage.path(run.arn);
    expect(path.slice(0, forward.length)).toEqual(forward);
    expect(path.slice(forward.length)).toEqual([
      "CutOver",
      "IsTrafficMoved",
      "WaitWhileObserving",
      "Observe",
      "IsObserved",
      "Settle",
      "IsSettled",
      "Live",
    ]);
    expect(served(stage)).toEqual(["1", "1"]);
  });

  it("retires the fleet before the last one with one look when it has drained, and hardly any after that", async () => {
    const stage = await open();
    for (const version of ["1", "2", "3"]) expect((await stage.deploy("web", version)).status).toBe("SUCCEEDED");
    const third = stage.executions("deploy").at(-1)?.arn ?? "";
    const entered = stage.cloud.kernel.store
      .collection<{ type: string; details?: { name?: string } }>("states.events")
      .list(third)
      .filter(({ type, details }) => type === "TaskStateEntered" && details?.name === "RetireFleets");
    expect(entered.length).toBeGreaterThan(0);
    expect(entered.length).toBeLessThanOrEqual(4);
  });

  it("leaves production with the live release when a candidate fails, and nothing of the candidate", async () => {
    const stage = await open();
    await stage.deploy("web", "1");
    const run = await stage.deploy("web", "2-unhealthy");
    expect(run).toMatchObject({ status: "FAILED", error: "ValidationFailedError" });
    expect(stage.path(run.arn).slice(-6)).toEqual([
      "RestoreTraffic",
      "ReapCandidate",
      "IsReaped",
      "WaitForReaping",
      "SettleFailure",
      "FailedClean",
    ]);
    expect(served(stage)).toEqual(["1", "1"]);
    expect((await stage.ledger.head("web")).known).toEqual(["web-000001"]);
  });

  it("takes traffic back from a release that fails while it is observed", async () => {
    const stage = await open();
    await stage.deploy("web", "1");
    const run = await stage.deploy("web", "2-fading");
    expect(run).toMatchObject({ status: "FAILED", error: "ObservationFailedError" });
    expect(stage.path(run.arn)).toContain("RestoreTraffic");
    expect(served(stage)).toEqual(["1", "1"]);
  });

  it("goes back to the standby fleet without a bake", async () => {
    const stage = await open();
    await stage.deploy("web", "1");
    await stage.deploy("web", "2");
    const run = await stage.run("Rollback", { service: "web" });
    expect(run.status).toBe("SUCCEEDED");
    expect(stage.path(run.arn)).toContain("RolledBack");
    expect(stage.path(run.arn)).not.toContain("BakeImage");
    await stage.cloud.until(() => false, 30_000);
    expect(served(stage)).toEqual(["1", "1"]);
  });

  it("gives the same hash for the same seed, and another for another", async () => {
    const hashes: string[] = [];
    for (const seed of [5, 5, 6]) {
      const stage = await open(seed);
      await stage.deploy("web", "1");
      hashes.push(stage.cloud.hash());
    }
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[0]).not.toBe(hashes[2]);
  });
});
