import { beforeAll, describe, expect, it } from "vitest";
import { endStateProblems } from "../../scripts/simulate/end-state.ts";
import type { SimulatedStage } from "../../scripts/simulate/simulated-stage.ts";
import { zipArchive } from "../local/lambda/zip-archive.ts";
import { alarm, set } from "./alarm.ts";
import { type LiveService, liveService } from "./live-service.ts";
import { until, watchWeights, weights } from "./production-rule.ts";

let service: LiveService;

beforeAll(async () => {
  service = await liveService();
}, 120_000);

const canary = { strategy: "canary", steps: [10], intervalSeconds: 60 };

describe("an alarm that the spec names", () => {
  it("refuses a deploy when it is red already, and the live release serves on", async () => {
    const stage = await service.open({ alarms: ["errors"] });
    await alarm(stage, "errors", "ALARM");
    const seen = watchWeights(stage);
    const run = await stage.deploy("web", "2");
    expect(run).toMatchObject({ status: "FAILED", error: "AlarmRefusedError" });
    expect(run.cause).toContain("alarm errors is red");
    expect(stage.path(run.arn)).toEqual(["Admit", "FailedClean"]);
    expect(seen).toEqual([{ "web-000001": 1 }]);
  });

  it("refuses a deploy when it does not exist: nobody would see what goes wrong", async () => {
    const stage = await service.open({ alarms: ["erors"] });
    const run = await stage.deploy("web", "2");
    expect(run.cause).toContain("erors does not exist");
  });

  it("does not stand in the way of a deploy that is to mend what it says", async () => {
    const stage = await service.open({ alarms: ["errors"] });
    await alarm(stage, "errors", "ALARM");
    await stage.push("web", "2");
    await stage.idle();
    const run = await stage.run("Deploy", { service: "web", override: "the fix for the errors" });
    expect(run.status).toBe("SUCCEEDED");
    expect(weights(stage)["web-000002"]).toBe(1);
  });

  it("takes traffic back when it turns red at a step, although every target is healthy", async () => {
    const stage = await service.open({ alarms: ["errors"], deploy: canary });
    await alarm(stage, "errors", "OK");
    const seen = watchWeights(stage);
    await stage.push("web", "2");
    await until(stage, () => seen.length === 2);
    await set(stage, "errors", "ALARM");
    await stage.idle();
    const run = stage.executions("deploy").at(-1);
    expect(run).toMatchObject({ status: "FAILED", error: "ObservationFailedError" });
    expect(run?.cause).toContain("alarms: errors is red");
    expect(seen).toEqual([
      { "web-000001": 1 },
      { "web-000002": 10, "web-000001": 90 },
      // In the rule until it is drained.
      { "web-000001": 1, "web-000002": 0 },
      { "web-000001": 1 },
    ]);
    await stage.settle();
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("takes traffic back when it never says anything: silence is no pass", async () => {
    const stage = await service.open({ alarms: ["errors"] });
    await alarm(stage, "errors", undefined);
    const run = await stage.deploy("web", "2");
    expect(run).toMatchObject({ status: "FAILED", error: "ObservationFailedError" });
    expect(run.cause).toContain("errors: no data");
    expect(stage.path(run.arn)).toEqual(expect.arrayContaining(["Observe", "RestoreTraffic", "FailedClean"]));
    expect(stage.path(run.arn)).not.toContain("Settle");
    expect(weights(stage)).toEqual({ "web-000001": 1 });
  });

  it("lets the release stay when it is green", async () => {
    const stage = await service.open({ alarms: ["errors"] });
    await alarm(stage, "errors", "OK");
    expect((await stage.deploy("web", "2")).status).toBe("SUCCEEDED");
  });
});

describe("a function of the user's own", () => {
  const functions = [{ name: "smoke", timeoutSeconds: 5 }];

  async function withFunction(answers: (event: unknown) => unknown): Promise<SimulatedStage> {
    const stage = await service.open({ validate: { timeoutSeconds: 60, functions } });
    stage.cloud.functions["kiln-dev-check-smoke"] = answers;
    await stage.cloud.call("lambda", "CreateFunction", {
      FunctionName: "kiln-dev-check-smoke",
      Runtime: "nodejs24.x",
      Handler: "index.handler",
      Role: "arn:aws:iam::123456789012:role/kiln/dev/kiln-dev-probe",
      Code: { ZipFile: zipArchive({ "index.mjs": "export {};" }) },
    });
    await stage.settle();
    return stage;
  }

  it("passes the candidate, which it is told how to reach", async () => {
    const asked: unknown[] = [];
    const stage = await withFunction((event) => {
      asked.push(event);
      return { verdict: "pass", reason: "the till opens" };
    });
    expect((await stage.deploy("web", "2")).status).toBe("SUCCEEDED");
    expect(asked).toEqual([
      {
        service: "web",
        generation: "web-000002",
        version: "2",
        origin: expect.stringMatching(/^http:/),
        host: expect.any(String),
        header: { name: "x-kiln-trial", value: expect.stringMatching(/^[0-9a-f]{32}$/) },
      },
    ]);
    const history = await stage.cloud.complete(stage.ledger.history("web", "web-000002"));
    expect(JSON.stringify(history.find(({ event }) => event === "validated"))).toContain("the till opens");
  });

  it("fails it with its reason, before it gets a request", async () => {
    const stage = await withFunction(() => ({ verdict: "fail", reason: "the till is stuck" }));
    const seen = watchWeights(stage);
    const run = await stage.deploy("web", "2");
    expect(run).toMatchObject({ status: "FAILED", error: "ValidationFailedError" });
    expect(run.cause).toContain("function smoke: the till is stuck");
    expect(seen).toEqual([{ "web-000001": 1 }]);
  });

  it.each([
    ["says nothing that is a verdict", () => ({ ok: true }), "instead of"],
    [
      "throws",
      () => {
        throw new Error("no till");
      },
      "it failed",
    ],
  ])("that %s passes nobody: the candidate's time runs out", async (_title, answers, says) => {
    const stage = await withFunction(answers);
    const run = await stage.deploy("web", "2");
    expect(run).toMatchObject({ status: "FAILED", error: "ValidationFailedError" });
    expect(run.cause).toContain(says);
    expect(weights(stage)).toEqual({ "web-000001": 1 });
  });
});
