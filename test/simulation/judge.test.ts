import { beforeAll, describe, expect, it } from "vitest";
import { endStateProblems } from "../../scripts/simulate/end-state.ts";
import { hostOf } from "../../scripts/simulate/hosts.ts";
import type { SimulatedStage } from "../../scripts/simulate/simulated-stage.ts";
import type { HistoryEvent } from "../../shared/aws/ledger.ts";
import { type LiveService, liveService } from "./live-service.ts";
import { watchWeights, weights } from "./production-rule.ts";

let service: LiveService;

beforeAll(async () => {
  service = await liveService();
}, 120_000);

/** A service with so many requests a minute, whose spec asks for a judge. */
async function judged(perMinute: number, judge: object = {}, deploy: object = {}): Promise<SimulatedStage> {
  const stage = await service.open({
    deploy: { strategy: "canary", steps: [10], intervalSeconds: 60, judge, ...deploy },
  });
  Object.assign(stage.cloud.publicTraffic, { host: hostOf("web"), perMinute });
  return stage;
}

async function history(stage: SimulatedStage, generation = "web-000002"): Promise<HistoryEvent[]> {
  return stage.cloud.complete(stage.ledger.history("web", generation));
}

const wentBack = [
  { "web-000001": 1 },
  { "web-000002": 10, "web-000001": 90 },
  // In the rule until it is drained.
  { "web-000001": 1, "web-000002": 0 },
  { "web-000001": 1 },
];

describe("the judge of a canary", () => {
  it("sends a release back that errs where live never did, although every check and target is fine", async () => {
    const stage = await judged(2_000);
    const seen = watchWeights(stage);
    const run = await stage.deploy("web", "2-erring");
    expect(run).toMatchObject({ status: "FAILED", error: "ObservationFailedError" });
    expect(run.cause).toMatch(/judge: errors: \d+ of \d+ against 0 of \d+/);
    expect(seen).toEqual(wentBack);
    expect(stage.path(run.arn)).not.toContain("Settle");
    const failed = (await history(stage)).find(({ event }) => event === "observation-failed");
    expect(failed?.["reports"]).toEqual([
      expect.objectContaining({
        check: "judge",
        verdict: "fail",
        evidence: expect.objectContaining({
          metrics: [expect.objectContaining({ metric: "errors", verdict: "fail" })],
        }),
      }),
    ]);
    await stage.settle();
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("lets a release that answers like live have everything, and says on how many requests that rests", async () => {
    const stage = await judged(2_000);
    const seen = watchWeights(stage);
    const run = await stage.deploy("web", "2");
    expect(run.status).toBe("SUCCEEDED");
    expect(seen.at(-1)).toEqual({ "web-000002": 1, "web-000001": 0 });
    const lines = await history(stage);
    const verdict = lines.find(({ event }) => event === "judged");
    expect(verdict).toMatchObject({ verdict: "pass", reason: expect.stringMatching(/errors: 0 of \d+ against 0 of/) });
    // CloudWatch had nothing yet when the step's minute was over.
    expect(lines.find(({ event }) => event === "undecided")).toMatchObject({ verdict: "inconclusive" });
  });

  it("sends a slow release back when the spec says what slow is, and not when it does not", async () => {
    const stage = await judged(2_000, { slowMilliseconds: 300 });
    const run = await stage.deploy("web", "2-slow");
    expect(run).toMatchObject({ status: "FAILED", error: "ObservationFailedError" });
    expect(run.cause).toMatch(/judge: slow: \d+ of \d+ against 0 of \d+/);

    const unaware = await judged(2_000);
    expect((await unaware.deploy("web", "2-slow")).status).toBe("SUCCEEDED");
  });

  it("goes back when too few requests tell, and says how many more it needed", async () => {
    const stage = await judged(5);
    const seen = watchWeights(stage);
    const run = await stage.deploy("web", "2");
    expect(run).toMatchObject({ status: "FAILED", error: "ObservationFailedError" });
    expect(run.cause).toMatch(/no verdict 600 s after the step: .*about \d+ more requests to the candidate would tell/);
    expect(seen).toEqual(wentBack);
  });

  it("goes back when there are no metrics at all: nobody saw it do well", async () => {
    const stage = await judged(0);
    const seen = watchWeights(stage);
    const run = await stage.deploy("web", "2");
    expect(run).toMatchObject({ status: "FAILED", error: "ObservationFailedError" });
    expect(run.cause).toContain("0 of 0 against 0 of 0");
    expect(stage.path(run.arn)).not.toContain("Settle");
    expect(seen).toEqual(wentBack);
  });

  it("takes the step without a verdict when the spec says so, and the history says that it did", async () => {
    const stage = await judged(5, { ifUndecided: "proceed", waitSeconds: 120 });
    expect((await stage.deploy("web", "2")).status).toBe("SUCCEEDED");
    const verdict = (await history(stage)).find(({ event }) => event === "judged");
    expect(verdict).toMatchObject({ verdict: "inconclusive", requestsNeeded: expect.any(Number) });
  });

  it("still goes back for errors where silence would proceed", async () => {
    const stage = await judged(2_000, { ifUndecided: "proceed" });
    const run = await stage.deploy("web", "2-erring");
    expect(run.cause).toContain("judge: errors");
    expect(weights(stage)).toEqual({ "web-000001": 1 });
  });

  it("has the probe function ask where the public asks too little, of both releases by their shares", async () => {
    const judge = { topUpPerMinute: 200, waitSeconds: 3600 };
    const asked: Record<string, unknown>[] = [];
    const stage = await judged(0, judge, { steps: [50] });
    const probe = stage.cloud.functions["kiln-dev-probe"];
    stage.cloud.functions["kiln-dev-probe"] = (event, context) => {
      asked.push(event as Record<string, unknown>);
      return probe?.(event, context);
    };
    expect((await stage.deploy("web", "2")).status).toBe("SUCCEEDED");
    const added = asked.filter(({ headers }) => Object.keys(headers as object).length === 0);
    expect(added[0]).toMatchObject({ probes: [{ path: "/health", status: 200, count: 100 }] });
    const verdict = (await history(stage)).find(({ event }) => event === "judged");
    const asksOf = { requests: expect.toSatisfy((requests: number) => requests > 300) };
    expect(verdict).toMatchObject({ verdict: "pass", metrics: [{ baseline: asksOf, candidate: asksOf }] });
  });

  it("remembers from step to step, so that a release that passed once does not wait at every step", async () => {
    const stage = await judged(2_000, {}, { steps: [10, 50], intervalSeconds: 120 });
    expect((await stage.deploy("web", "2")).status).toBe("SUCCEEDED");
    const judgedSteps = (await history(stage)).filter(({ event }) => event.startsWith("judged"));
    expect(judgedSteps.map(({ event, verdict }) => [event, verdict])).toEqual([
      ["judged", "pass"],
      ["judged-1", "pass"],
    ]);
    expect((await history(stage)).some(({ event }) => event === "undecided-1")).toBe(false);
  });

  it("is not asked on a first deploy: there is nobody to compare with", async () => {
    const stage = await service.open();
    await stage.apply("api", { deploy: { strategy: "canary", steps: [10], judge: {} } });
    expect((await stage.deploy("api", "1")).status).toBe("SUCCEEDED");
    const lines = await stage.cloud.complete(stage.ledger.history("api", "api-000001"));
    expect(lines.map(({ event }) => event)).not.toContain("judged");
  });

  describe("that does not decide", () => {
    const told = { decides: false };

    it("lets a release that errs go on without a moment's wait, and the history says what it would have done", async () => {
      const stage = await judged(2_000, told, { intervalSeconds: 300 });
      const run = await stage.deploy("web", "2-erring");
      expect(run.status).toBe("SUCCEEDED");
      expect(stage.path(run.arn)).not.toContain("RestoreTraffic");
      expect(weights(stage)["web-000002"]).toBe(1);
      const lines = await history(stage);
      const verdict = lines.find(({ event }) => event === "judged");
      expect(verdict).toMatchObject({
        verdict: "fail",
        decides: false,
        reason: expect.stringMatching(/^errors: \d+ of/),
      });
      // As soon as it was known, which is before the step was over.
      const cutOver = (name: string) => Date.parse(lines.find(({ event }) => event === name)?.at ?? "");
      expect(Date.parse(verdict?.at ?? "")).toBeLessThan(cutOver("cut-over") + 300_000);
      expect(lines.some(({ event }) => event === "undecided" || event === "observation-failed")).toBe(false);
    });

    it("takes as long as no judge at all where too few requests tell", async () => {
      const secondsOf = async (stage: SimulatedStage) => {
        const { startMs, stopMs = 0 } = await stage.deploy("web", "2");
        return (stopMs - startMs) / 1000;
      };
      const plain = { strategy: "canary", steps: [10], intervalSeconds: 60 };
      const without = await secondsOf(await service.open({ deploy: plain }));
      const stage = await judged(5, told);
      expect(await secondsOf(stage)).toBeLessThan(without + 10);
      const verdict = (await history(stage)).find(({ event }) => event === "judged");
      expect(verdict).toMatchObject({ verdict: "inconclusive", decides: false });
    });

    it("ends no deploy when CloudWatch refuses to answer, and says that it did", async () => {
      const stage = await judged(2_000, told, { intervalSeconds: 300 });
      const { kernel } = stage.cloud;
      const allow = kernel.judge;
      kernel.judge = (caller, requirement) =>
        requirement.action === "cloudwatch:GetMetricData" ? "because a test says so" : allow(caller, requirement);
      const run = await stage.deploy("web", "2");
      expect(run.status).toBe("SUCCEEDED");
      const verdict = (await history(stage)).find(({ event }) => event === "judged");
      expect(verdict).toMatchObject({
        verdict: "inconclusive",
        reason: expect.stringContaining("nothing newer could be read"),
      });
    });
  });
});
