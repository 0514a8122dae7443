import { beforeAll, describe, expect, it } from "vitest";
import { pinRelease, unpinRelease } from "../../cli/commands/releases-pin.ts";
import { revoke, undoRevocation } from "../../cli/commands/revoke.ts";
import { publicBases } from "../../local/ec2/public-bases.ts";
import { SsmService } from "../../local/ssm/service.ts";
import { endStateProblems } from "../../scripts/simulate/end-state.ts";
import { NeverDark } from "../../scripts/simulate/never-dark.ts";
import { type SimulatedStage, stageName } from "../../scripts/simulate/simulated-stage.ts";
import type { Revocation } from "../../shared/domain/revocation.ts";
import { knownBases } from "../../shared/domain/service-spec.ts";
import { type LiveService, liveService } from "./live-service.ts";

let prepared: LiveService;

beforeAll(async () => {
  prepared = await liveService();
}, 120_000);

/** The stage as `kiln revoke` sees it. */
function commanded(stage: SimulatedStage) {
  const { ledger, outputs } = stage;
  const start = async (stateMachineArn: string, name: string, input: object) => {
    const started = { stateMachineArn, name, input: JSON.stringify(input) };
    return (await stage.cloud.call<{ executionArn: string }>("states", "StartExecution", started)).executionArn;
  };
  const RefreshMachine = outputs["RefreshMachine"] ?? "";
  const RollbackMachine = outputs["RollbackMachine"] ?? "";
  const SweepMachine = outputs["SweepMachine"] ?? "";
  return {
    name: stageName,
    ledger,
    outputs: { RefreshMachine, RollbackMachine, SweepMachine },
    runs: { start, stop: (execution: string) => stage.stop(execution) },
    executions: { status: async () => "running" as const },
  };
}

const release = async (stage: SimulatedStage, generation: string) => {
  const found = await stage.cloud.complete(stage.ledger.release("web", generation));
  if (!found) throw new Error(`there is no ${generation}`);
  return found;
};

const because = { reason: "CVE-2026-1234", by: "ann", at: "2026-11-23T12:00:00Z" };

function revoked(stage: SimulatedStage, what: Pick<Revocation, "kind" | "id">) {
  return stage.cloud.complete(revoke(commanded(stage), { ...what, ...because }));
}

const live = async (stage: SimulatedStage) => (await stage.cloud.complete(stage.ledger.head("web"))).live?.generation;

describe("a revoked base", () => {
  it("has its fleet replaced on the newest one while the service answers, and nobody goes back to it", async () => {
    const stage = await prepared.open();
    const ssm = stage.cloud.kernel.services().find((service) => service instanceof SsmService);
    ssm?.seedPublic(
      knownBases.al2023.x86_64,
      publicBases.find(({ name }) => /^debian-12-amd64/.test(name))?.imageId ?? "",
    );
    const watch = new NeverDark(stage.cloud, ["web"]);
    stage.cloud.afterEvent = () => watch.look();
    const base = { kind: "base" as const, id: (await release(stage, "web-000001")).base.imageId };
    expect(await revoked(stage, base)).toMatchObject([
      { service: "web", revoked: ["web-000001"], serving: true, stopped: null, action: "refresh" },
    ]);
    await stage.idle();
    expect(await live(stage)).toBe("web-000002");
    expect((await release(stage, "web-000002")).base.imageId).not.toBe(base.id);
    expect(watch.problems).toEqual([]);

    expect(await stage.run("Rollback", { service: "web", to: "web-000001" })).toMatchObject({
      status: "FAILED",
      cause: expect.stringContaining(`base ${base.id} was revoked by ann: CVE-2026-1234`),
    });
    expect(await live(stage)).toBe("web-000002");
    expect(await stage.cloud.complete(undoRevocation(stage, base))).toBe(true);
    expect((await stage.run("Rollback", { service: "web" })).status).toBe("SUCCEEDED");
    expect(await live(stage)).toBe("web-000001");
    await stage.settle();
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("is not deployed again while it is the newest one there is", async () => {
    const stage = await prepared.open();
    await revoked(stage, { kind: "base", id: (await release(stage, "web-000001")).base.imageId });
    await stage.idle();
    expect(stage.executions("deploy").at(-1)).toMatchObject({
      status: "FAILED",
      cause: expect.stringContaining("CVE-2026-1234"),
    });
    expect(await live(stage)).toBe("web-000001");
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });
});

describe("a revoked release that serves", () => {
  it("goes back to the newest good one, and its artifact may not be deployed again when that is revoked", async () => {
    const stage = await prepared.openWithStandby();
    expect(await revoked(stage, { kind: "release", id: "web-000002" })).toMatchObject([{ action: "rollback" }]);
    await stage.idle();
    expect(await live(stage)).toBe("web-000001");
    const { sha256 } = (await release(stage, "web-000002")).artifact;
    expect(await revoked(stage, { kind: "artifact", id: sha256.slice(0, 12) })).toMatchObject([
      { revoked: ["web-000002"], serving: false, action: "none" },
    ]);
    expect(await stage.run("Deploy", { service: "web", version: "2" })).toMatchObject({
      status: "FAILED",
      error: expect.any(String),
      cause: expect.stringContaining("web is not deployed: its artifact"),
    });
    expect(await live(stage)).toBe("web-000001");
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("serves on when there is none to go back to, and whoever revoked it is told to push", async () => {
    const stage = await prepared.open();
    expect(await revoked(stage, { kind: "release", id: "web-000001" })).toMatchObject([
      { serving: true, action: "push", execution: null },
    ]);
    await stage.idle();
    expect(await live(stage)).toBe("web-000001");
  });
});

/** What a `kiln revoke` has written that is killed right after its first word. */
async function recordOnly(stage: SimulatedStage, what: Pick<Revocation, "kind" | "id">): Promise<void> {
  await stage.cloud.complete(stage.ledger.revocations.update(() => [{ ...what, ...because }]));
}

/** Publishes a newer base, and tells the id of the one that web-000001 stands on. */
async function supersededBase(stage: SimulatedStage): Promise<string> {
  const ssm = stage.cloud.kernel.services().find((service) => service instanceof SsmService);
  const newer = publicBases.find(({ name }) => /^debian-12-amd64/.test(name))?.imageId ?? "";
  ssm?.seedPublic(knownBases.al2023.x86_64, newer);
  return (await release(stage, "web-000001")).base.imageId;
}

describe("a revocation that was cut off", () => {
  it("of a base is finished by the sweep, which starts the refresh once however often it comes", async () => {
    const stage = await prepared.open();
    await recordOnly(stage, { kind: "base", id: await supersededBase(stage) });
    expect((await stage.run("Sweep", {})).status).toBe("SUCCEEDED");
    await stage.idle();
    expect(await live(stage)).toBe("web-000002");
    const refreshes = stage.executions("refresh");
    expect(refreshes.map(({ name }) => name)).toEqual(["revoked-web-000001-20261123120000"]);
    expect(await stage.run("Rollback", { service: "web", to: "web-000001" })).toMatchObject({
      status: "FAILED",
      cause: expect.stringContaining("was revoked by ann: CVE-2026-1234"),
    });
    expect((await stage.run("Sweep", {})).status).toBe("SUCCEEDED");
    await stage.idle();
    expect(stage.executions("refresh")).toHaveLength(1);
    await stage.settle();
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("is told by a dry run, which writes nothing down", async () => {
    const stage = await prepared.open();
    await recordOnly(stage, { kind: "base", id: await supersededBase(stage) });
    const before = await stage.cloud.complete(stage.ledger.head("web"));
    const FunctionName = stage.outputs["ReapFunction"];
    const Payload = Buffer.from(JSON.stringify({ mode: "survey" }));
    const answered = await stage.cloud.complete(
      stage.cloud.call<{ Payload: Uint8Array }>("lambda", "Invoke", { FunctionName, Payload }),
    );
    expect(JSON.parse(Buffer.from(answered.Payload).toString("utf8")).plan).toContainEqual(
      expect.objectContaining({ service: "web", generation: "web-000001", action: "refresh" }),
    );
    expect(await stage.cloud.complete(stage.ledger.head("web"))).toEqual(before);
  });

  it("of a live release is finished by a rollback to the newest good one", async () => {
    const stage = await prepared.openWithStandby();
    await recordOnly(stage, { kind: "release", id: "web-000002" });
    expect((await stage.run("Sweep", {})).status).toBe("SUCCEEDED");
    await stage.idle();
    expect(await live(stage)).toBe("web-000001");
    await stage.settle();
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("does not start the refresh again that was refused because the newest base is revoked too", async () => {
    const stage = await prepared.open();
    await recordOnly(stage, { kind: "base", id: (await release(stage, "web-000001")).base.imageId });
    for (const _ of [1, 2, 3]) {
      await stage.run("Sweep", {});
      await stage.idle();
    }
    expect(stage.executions("refresh")).toHaveLength(1);
    expect(await live(stage)).toBe("web-000001");
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("is asked for again by the nightly refresh, once another base is there", async () => {
    const stage = await prepared.open();
    await revoked(stage, { kind: "base", id: (await release(stage, "web-000001")).base.imageId });
    await stage.idle();
    await supersededBase(stage);
    await stage.run("Refresh", {});
    await stage.idle();
    expect(await live(stage)).toBe("web-000002");
  });

  it("keeps a deploy that was admitted before from getting requests", async () => {
    const stage = await prepared.open();
    const paused = { by: "ann", at: because.at, reason: "looking" };
    const pause = (held: typeof paused | null) =>
      stage.cloud.complete(stage.ledger.updateHead("web", (head) => ({ ...head, paused: held })));
    await pause(paused);
    await stage.push("web", "2");
    const isAtTheSwitch = ({ arn }: { arn: string }) => stage.stateOf(arn) === "WaitToMove";
    await stage.cloud.until(() => stage.executions("deploy").some(isAtTheSwitch), 900_000);
    await recordOnly(stage, { kind: "release", id: "web-000002" });
    await stage.run("Sweep", {});
    await pause(null);
    await stage.idle();
    expect(stage.executions("deploy").at(-1)).toMatchObject({
      status: "FAILED",
      cause: expect.stringContaining("release web-000002 was revoked by ann"),
    });
    expect(await live(stage)).toBe("web-000001");
    await stage.settle();
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });
});

describe("an experiment on something revoked", () => {
  it("is ended, and nothing of it is left, while the service goes on", async () => {
    const stage = await prepared.open();
    await stage.experiment("web", "blue");
    const artifact = await stage.cloud.complete(stage.ledger.release("web.blue", "web.blue-000001"));
    const id = artifact?.artifact.sha256 ?? "";
    expect(await revoked(stage, { kind: "artifact", id })).toMatchObject([
      {
        service: "web.blue",
        revoked: ["web.blue-000001"],
        serving: true,
        action: "end",
        execution: expect.any(String),
      },
    ]);
    await stage.idle();
    await stage.settle();
    expect(await stage.cloud.complete(stage.ledger.head("web.blue"))).toMatchObject({ live: null, known: [] });
    expect(await live(stage)).toBe("web-000001");
    expect((await stage.experiment("web", "blue")).cause).toContain("CVE-2026-1234");
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });
});

describe("a pinned release", () => {
  it("stays launchable when others take its place among the kept ones, until it is unpinned", async () => {
    const stage = await prepared.open({ keep: { releases: 2, graceHours: 1 } });
    const { cloud } = stage;
    await cloud.complete(pinRelease(commanded(stage), "web-000001", "the audit"));
    for (const version of ["2", "3"]) expect((await stage.deploy("web", version)).status).toBe("SUCCEEDED");
    const head = await cloud.complete(stage.ledger.head("web"));
    expect(head).toMatchObject({ kept: ["web-000002", "web-000003"], known: ["web-000002", "web-000003"] });
    await stage.settle();
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
    expect(await cloud.complete(unpinRelease(commanded(stage), "web-000001"))).toBe(true);
    expect((await stage.run("Sweep", {})).status).toBe("SUCCEEDED");
    expect(await cloud.complete(stage.ledger.markedImages("web"))).toEqual(["web-000001"]);
    expect(await cloud.complete(unpinRelease(commanded(stage), "web-000001"))).toBe(false);
  });
});
