import { beforeAll, describe, expect, it } from "vitest";
import { endStateProblems } from "../../scripts/simulate/end-state.ts";
import { type FaultKind, type HandlerCall, oneFault } from "../../scripts/simulate/faults.ts";
import { makeManagedProfile, managedProfile } from "../../scripts/simulate/managed-profile.ts";
import type { SimulatedStage } from "../../scripts/simulate/simulated-stage.ts";
import { type LiveService, liveService } from "./live-service.ts";
import { until, watchWeights, weights } from "./production-rule.ts";

let service: LiveService;

beforeAll(async () => {
  service = await liveService();
}, 120_000);

/** What ran on which instance, in order; a script is known by its last line. */
interface Ran {
  instanceId: string;
  line: string;
}

/** A stage whose service runs commands, with what they end with. */
async function commanded(
  changes: object,
  exitCodeOf: (line: string) => number = () => 0,
): Promise<{ stage: SimulatedStage; ran: Ran[] }> {
  const stage = await service.open();
  await makeManagedProfile(stage);
  await stage.apply("web", { instanceProfile: managedProfile, ...changes });
  const ran: Ran[] = [];
  stage.cloud.scripted = (instanceId, script) => {
    const line = script.trimEnd().split("\n").at(-1) ?? "";
    ran.push({ instanceId, line });
    return { exitCode: exitCodeOf(line), stdout: `saw ${line}\n`, stderr: "" };
  };
  return { stage, ran };
}

const check = { name: "smoke", run: "./smoke.sh" };
const checking = { validate: { timeoutSeconds: 90, commands: [check] } };
const migrating = { deploy: { once: { run: "./migrate.sh" } } };

const history = async (stage: SimulatedStage) => stage.cloud.complete(stage.ledger.history("web", "web-000002"));

describe("a command that looks at the candidate from inside", () => {
  it("runs on each of its instances and nowhere else, in the program's place, before there is a request", async () => {
    const { stage, ran } = await commanded(checking);
    const scripts: string[] = [];
    const before = stage.cloud.scripted;
    stage.cloud.scripted = (id, script) => {
      scripts.push(script);
      expect(weights(stage)).toEqual({ "web-000001": 1 });
      return before(id, script);
    };
    expect((await stage.deploy("web", "2")).status).toBe("SUCCEEDED");
    const versions = ran.map(({ instanceId }) => stage.cloud.programOn(instanceId)?.version);
    expect(versions).toEqual(["2", "2"]);
    expect(new Set(ran.map(({ instanceId }) => instanceId)).size).toBe(2);
    expect(scripts[0]).toContain('cd "$root/opt/kiln/app"');
    expect(scripts[0]).toContain("KILN_GENERATION=web-000002");
    const validated = (await history(stage)).find(({ event }) => event === "validated");
    expect(JSON.stringify(validated)).toContain("saw ./smoke.sh");
  });

  it("runs on one of them when the spec wants one", async () => {
    const { stage, ran } = await commanded({ validate: { commands: [{ ...check, on: "one" }] } });
    expect((await stage.deploy("web", "2")).status).toBe("SUCCEEDED");
    expect(ran).toHaveLength(1);
  });

  it("fails the candidate by its exit status, with the end of what it said", async () => {
    const { stage } = await commanded(checking, () => 3);
    const seen = watchWeights(stage);
    const run = await stage.deploy("web", "2");
    expect(run).toMatchObject({ status: "FAILED", error: "ValidationFailedError" });
    expect(run.cause).toMatch(/command smoke: exit status 3 on i-\w+: saw \.\/smoke\.sh/);
    expect(seen).toEqual([{ "web-000001": 1 }]);
    await stage.settle();
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("passes nobody when no agent answers: the candidate's time runs out", async () => {
    const stage = await service.open({ instanceProfile: managedProfile, ...checking });
    await makeManagedProfile(stage, []);
    const run = await stage.deploy("web", "2");
    expect(run).toMatchObject({ status: "FAILED", error: "ValidationFailedError" });
    expect(run.cause).toContain("command smoke: the SSM Agent answers on 0 of 2 instances");
    expect(weights(stage)).toEqual({ "web-000001": 1 });
  });
});

describe("a command that runs once", () => {
  it("runs on one instance of a release that passed everything, and then it goes live", async () => {
    const { stage, ran } = await commanded({ ...checking, ...migrating });
    const seen = watchWeights(stage);
    expect((await stage.deploy("web", "2")).status).toBe("SUCCEEDED");
    expect(ran.map(({ line }) => line)).toEqual(["./smoke.sh", "./smoke.sh", "./migrate.sh"]);
    expect(seen.at(-1)).toEqual({ "web-000002": 1, "web-000001": 0 });
    const events = (await history(stage)).map(({ event }) => event);
    expect(events.slice(events.indexOf("validated"))).toEqual(["validated", "once-ran", "cut-over", "live"]);
  });

  it("does not run for a candidate that did not pass", async () => {
    const { stage, ran } = await commanded({ ...checking, ...migrating }, (line) => (line === "./smoke.sh" ? 1 : 0));
    expect((await stage.deploy("web", "2")).status).toBe("FAILED");
    expect(ran.map(({ line }) => line)).not.toContain("./migrate.sh");
  });

  it("takes the release away when it fails, before it got a request, and is not tried again", async () => {
    const { stage, ran } = await commanded(migrating, () => 4);
    const seen = watchWeights(stage);
    const run = await stage.deploy("web", "2");
    expect(run).toMatchObject({ status: "FAILED", error: "ValidationFailedError" });
    expect(run.cause).toMatch(/its once command failed: exit status 4 on i-/);
    expect(ran).toHaveLength(1);
    expect(seen).toEqual([{ "web-000001": 1 }]);
    await stage.settle();
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("waits for a person's word, and runs after it", async () => {
    const { stage, ran } = await commanded({ deploy: { ...migrating.deploy, approval: {} } });
    await stage.push("web", "2");
    const arn = () => stage.executions("deploy").at(-1)?.arn ?? "";
    await until(stage, () => stage.stateOf(arn()) === "AwaitApproval");
    await stage.cloud.until(() => false, 60_000);
    expect(ran).toEqual([]);
    const { taskToken } = (await stage.cloud.complete(stage.ledger.approvals.read("web", "web-000002"))) ?? {};
    await stage.cloud.call("states", "SendTaskSuccess", { taskToken, output: JSON.stringify({ by: "ann" }) });
    await stage.idle();
    expect(stage.execution(arn())?.status).toBe("SUCCEEDED");
    expect(ran).toHaveLength(1);
  });

  it("never runs on a rollback, hot or cold", async () => {
    const { stage, ran } = await commanded(migrating);
    await stage.deploy("web", "2");
    await stage.deploy("web", "3");
    expect(ran).toHaveLength(2);
    expect((await stage.run("Rollback", { service: "web" })).status).toBe("SUCCEEDED");
    const cold = await stage.run("Rollback", { service: "web", to: "web-000001" });
    expect(cold.status).toBe("SUCCEEDED");
    expect(stage.path(cold.arn)).toContain("LaunchFleet");
    expect(ran).toHaveLength(2);
  });
});

describe("a deploy that is hit while its once command is sent", () => {
  /** Runs the deploy with one fault; says how it ended and how often the command ran. */
  async function hit(index: number | undefined, kind: FaultKind) {
    const { stage, ran } = await commanded(migrating);
    if (index === undefined) stage.cloud.faults.arm(() => undefined);
    else stage.cloud.faults.arm(oneFault(index, kind));
    const { status, cause } = await stage.deploy("web", "2");
    await stage.idle();
    await stage.settle();
    return { status, cause, times: ran.length, calls: stage.cloud.faults.calls, stage };
  }

  it.each(["crash", "timed-out", "unavailable"] as const)(
    "by %s at any call from the claim on runs it once at most, and never goes live without it",
    async (kind) => {
      const { calls, status } = await hit(undefined, kind);
      expect(status).toBe("SUCCEEDED");
      const first = calls.findIndex(({ operation }) => operation === "DescribeInstanceInformation");
      const within = calls.filter(({ index, handler }: HandlerCall) => index >= first && handler === "validate");
      const last = within.findIndex(({ operation }) => operation === "GetCommandInvocation");
      expect(within.map(({ operation }) => operation)).toContain("SendCommand");
      for (const { index, operation } of within.slice(0, last + 1)) {
        const after = await hit(index, kind);
        expect(after.times, `${operation} ${after.cause}`).toBeLessThanOrEqual(1);
        if (after.status === "SUCCEEDED") expect(after.times, operation).toBe(1);
        expect(await endStateProblems(after.stage, ["web"]), operation).toEqual([]);
      }
    },
    60_000,
  );

  it("says that nobody knows when the one who claimed it died before it was sent", async () => {
    const { calls } = await hit(undefined, "crash");
    const { index = 0 } = calls.find(({ operation }) => operation === "SendCommand") ?? {};
    // The lease is read right before the command is sent.
    const after = await hit(index - 1, "crash");
    expect(after).toMatchObject({ status: "FAILED", times: 0 });
    expect(after.cause).toContain("whether its once command succeeded is not known, and it is not run again");
  });

  it("finds the command that was sent when only the answer was lost, and goes on with it", async () => {
    const { calls } = await hit(undefined, "crash");
    const { index = 0 } = calls.find(({ operation }) => operation === "SendCommand") ?? {};
    expect(await hit(index, "crash")).toMatchObject({ status: "SUCCEEDED", times: 1 });
  });
});
