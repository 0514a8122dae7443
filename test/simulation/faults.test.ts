import { beforeAll, describe, expect, it } from "vitest";
import { exhaustiveSeed } from "../../scripts/simulate/exhaustive.ts";
import { type FaultKind, faultKinds, type HandlerCall, oneFault } from "../../scripts/simulate/faults.ts";
import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import { runMix } from "../../scripts/simulate/random-mix.ts";
import { runPlan } from "../../scripts/simulate/run-plan.ts";
import { type Scenario, type Situation, scenarios, situations } from "../../scripts/simulate/scenarios.ts";
import { type PreparedStage, prepareStage, stageName } from "../../scripts/simulate/simulated-stage.ts";

let begins: Record<Situation, PreparedStage>;

beforeAll(async () => {
  begins = await situations(await prepareStage(await packageInMemory(stageName)));
}, 120_000);

/** Problems after a fault of this kind at each call of a scenario that the question picks. */
async function problemsAt(name: string, kind: FaultKind, picks: (call: HandlerCall) => boolean): Promise<string[]> {
  const scenario = scenarios.find((one) => one.name === name) as Scenario;
  const begin = begins[scenario.begins];
  const { calls, problems } = await runPlan(scenario, begin, exhaustiveSeed);
  const picked = calls.filter(picks);
  expect(picked).not.toEqual([]);
  for (const { index } of picked) {
    problems.push(...(await runPlan(scenario, begin, exhaustiveSeed, oneFault(index, kind))).problems);
  }
  return problems;
}

describe("one fault", () => {
  // At every call of every scenario: `npm run simulate -- --single`, which the checks run too.
  it("at any change that a hot rollback makes leaves nothing wrong", async () => {
    const isChange = ({ operation }: HandlerCall) => !/^(Describe|Get|Head|List)/.test(operation);
    for (const kind of faultKinds) expect(await problemsAt("hot-rollback", kind, isChange)).toEqual([]);
  }, 60_000);

  it("that loses the answer of a delete does not make a failed deploy a dirty one", async () => {
    const isDelete = ({ operation }: HandlerCall) => /^(Delete|Deregister)/.test(operation);
    expect(await problemsAt("failing-deploy", "reply-lost", isDelete)).toEqual([]);
  }, 60_000);

  it("that loses the answer of the first production rule does not make a second one", async () => {
    const isRule = ({ operation }: HandlerCall) => operation === "CreateRule";
    expect(await problemsAt("first-deploy", "reply-lost", isRule)).toEqual([]);
  }, 60_000);

  it("right after something was created leaves nothing behind, although reads do not show it yet", async () => {
    const isNextToCreation = ({ handler, operation }: HandlerCall) =>
      (handler === "bake" && operation === "PutSnapshotBlock") || operation === "ModifyTargetGroupAttributes";
    expect(await problemsAt("first-deploy", "denied", isNextToCreation)).toEqual([]);
  }, 60_000);

  it("after the lease went back lets the deploy end as live", async () => {
    const isLast = ({ handler, operation }: HandlerCall) => handler === "settle" && operation === "PutObject";
    expect(await problemsAt("first-deploy", "crash", isLast)).toEqual([]);
  }, 60_000);
});

describe("a random mix", () => {
  it("of two services leaves nothing wrong, and gives the same hash each time", async () => {
    const once = await runMix(3, begins["two services"]);
    const again = await runMix(3, begins["two services"]);
    expect(once.problems).toEqual([]);
    expect(once.faults).toBeGreaterThan(0);
    expect(again).toEqual(once);
  }, 60_000);
});
