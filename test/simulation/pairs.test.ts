import { beforeAll, describe, expect, it } from "vitest";
import { exhaustiveSeed, tellingKinds } from "../../scripts/simulate/exhaustive.ts";
import { aPlan, type FaultKind, faultKinds, type HandlerCall } from "../../scripts/simulate/faults.ts";
import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import { runPlan } from "../../scripts/simulate/run-plan.ts";
import { type Scenario, scenarios } from "../../scripts/simulate/scenarios.ts";
import { openStage, type PreparedStage, prepareStage, stageName } from "../../scripts/simulate/simulated-stage.ts";

const calls = [
  "reap s3:GetObject",
  "reap s3:ListObjectsV2",
  "reap s3:PutObject",
  "reap s3:GetObject",
  "settle s3:GetObject",
];

describe("the kinds of fault tried in pairs", () => {
  it("are all of them at a call that changes something", () => {
    expect(tellingKinds(calls, 2)).toEqual(faultKinds);
  });

  it("are refusals and a crash at the first of several reads", () => {
    expect(tellingKinds(calls, 0)).toEqual(["unavailable", "denied", "crash"]);
    expect(tellingKinds(calls, 3)).toEqual(["unavailable", "denied", "crash"]);
  });

  it("are refusals alone at a read after a read, whose crash leaves the same as the one before", () => {
    expect(tellingKinds(calls, 1)).toEqual(["unavailable", "denied"]);
  });

  it("include the crash of another handler, whatever was read before", () => {
    expect(tellingKinds(calls, 4)).toEqual(["unavailable", "denied", "crash"]);
  });
});

describe("two faults", () => {
  let begin: PreparedStage;

  beforeAll(async () => {
    const stage = await openStage(0, await prepareStage(await packageInMemory(stageName)));
    for (const version of ["1", "2"]) {
      await stage.deploy("web", version);
      await stage.settle();
    }
    begin = stage.snapshot();
  }, 120_000);

  /** Problems of a hot rollback after two faults: the second at the call that is picked of the run the first disturbed. */
  async function problemsOfRollback(
    first: { kind: FaultKind; picks: (call: HandlerCall, before: HandlerCall[]) => boolean },
    second: { kind: FaultKind; picks: (call: HandlerCall) => boolean },
  ): Promise<string[]> {
    const scenario = scenarios.find(({ name }) => name === "hot-rollback") as Scenario;
    const whole = (await runPlan(scenario, begin, exhaustiveSeed)).calls;
    const struck = whole.find((call) => first.picks(call, whole.slice(0, call.index))) as HandlerCall;
    const one = { index: struck.index, kind: first.kind };
    const { calls } = await runPlan(scenario, begin, exhaustiveSeed, aPlan([one]));
    const later = calls.find((call) => call.index > one.index && second.picks(call)) as HandlerCall;
    const result = await runPlan(scenario, begin, exhaustiveSeed, aPlan([one, { ...later, kind: second.kind }]));
    expect(result.struck.map(({ kind }) => kind)).toEqual([first.kind, second.kind]);
    return result.problems;
  }

  const callOf = (handler: string, operation: string) => (call: HandlerCall) =>
    call.handler === handler && call.operation === operation;

  it("of which one fails a settling leave no change under way that outlives the lease", async () => {
    const publishes = { kind: "unavailable", picks: callOf("settle", "PutParameter") } as const;
    const resizes = { kind: "slow", picks: callOf("settle", "UpdateAutoScalingGroup") } as const;
    expect(await problemsOfRollback(publishes, resizes)).toEqual([]);
  }, 60_000);

  it("of which the second keeps traffic from going back leave a rule that the sweep can explain", async () => {
    const isMoved = (before: HandlerCall[]) => before.some(callOf("cutover", "ModifyRule"));
    const records = (call: HandlerCall, before: HandlerCall[]) =>
      callOf("cutover", "PutObject")(call) && isMoved(before);
    const restores = { kind: "denied", picks: callOf("cutover", "ModifyRule") } as const;
    expect(await problemsOfRollback({ kind: "denied", picks: records }, restores)).toEqual([]);
  }, 60_000);
});
