import { beforeAll, describe, expect, it } from "vitest";
import { drawPlan, type Happening, type MixPlan } from "../../scripts/simulate/mix-plan.ts";
import { noteRevoked, RevokedWatch } from "../../scripts/simulate/promises/revoked.ts";
import { runMixPlan } from "../../scripts/simulate/random-mix.ts";
import type { Situation } from "../../scripts/simulate/scenarios.ts";
import { type PreparedStage, type SimulatedStage, services } from "../../scripts/simulate/simulated-stage.ts";
import { emptyHead } from "../../shared/domain/head.ts";
import { at, prepared, push } from "./mixes.ts";

let begins: Record<Situation, PreparedStage>;

beforeAll(async () => {
  begins = await prepared();
}, 120_000);

/** Runs the plan; says which states its executions entered and what was broken. */
async function ran(happenings: Happening[], begin: Situation = "live and standby", faults: MixPlan["faults"] = []) {
  const states = new Set<string>();
  let before = new Set<string>();
  const follow = async (stage: SimulatedStage) => {
    before = new Set(stage.executions("").map(({ arn }) => arn));
  };
  const see = (stage: SimulatedStage) => {
    const mine = stage.executions("").filter(({ arn }) => !before.has(arn));
    for (const { arn } of mine) for (const state of stage.path(arn)) states.add(state);
  };
  const { problems } = await runMixPlan({ seed: 5, begins: begin, happenings, faults }, begins[begin], {
    follow,
    see,
  });
  return { states, problems };
}

describe("what operators do in a mix", () => {
  it.each([
    ["approved", "gets it", true, "CutOver"],
    ["rejected", "goes", false, "ReapCandidate"],
  ])("asks before traffic moves, and a release that is %s %s", async (_, __, approved, next) => {
    const { states, problems } = await ran([
      at(0, { do: "apply", service: "web", flavour: "gated" }),
      at(0, push("3")),
      at(5, { do: "answer", service: "web", approved }),
    ]);
    expect(problems).toEqual([]);
    expect([...states]).toEqual(expect.arrayContaining(["AwaitApproval", next]));
    expect(states.has("CutOver")).toBe(approved);
  });

  it("replaces what stands on an older base, unless it is pinned to it", async () => {
    const published = at(0, { do: "publish-base", which: 0.5 });
    const refresh = at(10, { do: "begin", machine: "Refresh", input: { now: true } });
    const free = await ran([published, refresh]);
    expect(free.problems).toEqual([]);
    expect([...free.states]).toEqual(expect.arrayContaining(["FindStale", "StartDeploy", "PrepareBase", "Live"]));
    const pinned = await ran([published, at(1, { do: "pin-base", service: "web" }), refresh]);
    expect(pinned.problems).toEqual([]);
    expect(pinned.states.has("StartDeploy")).toBe(false);
  });

  it.each([
    ["release", "RolledBack"],
    ["artifact", "RolledBack"],
    ["base", "Refreshed"],
  ] as const)("answers the revocation of a live %s, which ends in %s", async (kind, end) => {
    const { states, problems } = await ran([at(0, { do: "revoke", service: "web", kind, which: 0 })]);
    expect(problems).toEqual([]);
    expect(states.has(end)).toBe(true);
  });

  // Seed 1104 of the mixes: what is revoked stays live when the rollback that answers it fails.
  it("goes back past a live release that is revoked when a canary is taken back", async () => {
    const { states, problems } = await ran(
      [
        at(0, { do: "apply", service: "web", flavour: "canary" }),
        at(5, { do: "revoke", service: "web", kind: "release", which: 0.75 }),
        at(500, push("3")),
        at(596, { do: "begin", machine: "Rollback", input: { service: "web" } }),
      ],
      "live and cold",
      [{ at: "rollback 1 cutover s3:GetObject 2", kind: "denied" }],
    );
    expect(problems).toEqual([]);
    expect([...states]).toEqual(expect.arrayContaining(["FailedClean", "RolledBack"]));
  });

  it("takes a release back when the alarm that it watches turns red", async () => {
    const { states, problems } = await ran([
      at(0, { do: "apply", service: "web", flavour: "watched" }),
      at(1, push("3")),
      at(300, { do: "alarm", seconds: 60 }),
    ]);
    expect(problems).toEqual([]);
    expect([...states]).toEqual(expect.arrayContaining(["TakeServicesBack", "RollbacksStarted", "RolledBack"]));
  });

  it("does nothing where there is nothing to do it to", async () => {
    const { problems } = await ran(
      [
        at(0, { do: "abort", service: "post" }),
        at(0, { do: "pin-base", service: "api" }),
        at(0, { do: "pin-release", service: "web", which: 0.5 }),
        at(0, { do: "revoke", service: "web", kind: "release", which: 0.5 }),
        at(0, { do: "undo-revocation", which: 0.5 }),
        at(0, { do: "alarm", seconds: 10 }),
      ],
      "nothing",
    );
    expect(problems).toEqual([]);
  });

  // Seed 29 of the mixes: the watch of capacity did not know that a spec may ask for less than serves.
  it("lets a spec that says so give all traffic to one server, where three served", async () => {
    const { problems } = await ran([
      at(0, { do: "apply", service: "web", flavour: "lone" }),
      at(0, { do: "grow", service: "web" }),
      at(60, push("3")),
    ]);
    expect(problems).toEqual([]);
  });
});

describe("worlds", () => {
  it("have one to four services, and first deploys, cold releases and idle fleets among them", () => {
    const plans = Array.from({ length: 200 }, (_, index) => drawPlan(index + 1));
    const flavours = plans.flatMap(({ happenings }) =>
      happenings.flatMap((deed) => (deed.do === "apply" ? deed.flavour : [])),
    );
    const deployed = new Set(
      plans.flatMap(({ happenings }) => happenings.flatMap((deed) => (deed.do === "push" ? deed.service : []))),
    );
    expect(new Set(plans.map(({ begins: situation }) => situation))).toEqual(
      new Set(["nothing", "one release", "live and cold", "two services", "three services", "four services"]),
    );
    expect([...deployed].sort()).toEqual([...services].sort());
    expect(new Set(flavours).size).toBe(10);
  });
});

describe("the watch over what is revoked", () => {
  const lastCallMs = 30_000;
  const head = { ...emptyHead("web"), revoked: [] };
  const revoked = {
    kind: "release",
    id: "web-000002",
    reason: "",
    by: "ann",
    at: "",
    generation: "web-000002",
  } as const;

  /** Says what the watch has against a change of traffic. @param sinceMs How long it is revoked by then. */
  function watched(
    direction: string,
    sinceMs: number,
    startedMs = sinceMs,
    [from, to]: [[string, number][], [string, number][]] = [[["web-000001", 1]], [["web-000002", 1]]],
  ): string[] {
    const revokedMs = new Map<string, number>();
    noteRevoked({ ...head, revoked: [revoked] }, revokedMs, 0);
    let shares = new Map(from);
    const watch = new RevokedWatch(
      revokedMs,
      () => shares,
      () => startedMs,
      () => sinceMs,
    );
    const effect = {
      handler: "cutover",
      execution: "e",
      service: "web",
      direction,
      api: "elasticloadbalancing",
      operation: "ModifyRule",
      input: {},
      document: undefined,
    };
    watch.before(effect);
    shares = new Map(to);
    watch.after(effect);
    return watch.problems;
  }

  it("lets no deploy move traffic to it", () => {
    expect(watched("forward", lastCallMs)).toEqual([
      "S9 revoked: cutover moved traffic to web-000002, which is revoked",
    ]);
  });

  it("lets no rollback that begins later go to it, but one that was under way", () => {
    expect(watched("back", lastCallMs)).toHaveLength(1);
    expect(watched("back", lastCallMs, 0)).toEqual([]);
  });

  it("says nothing of a call that was under way, nor of what was live and gets its traffic back", () => {
    expect(watched("forward", lastCallMs - 1)).toEqual([]);
    expect(watched("restore", lastCallMs)).toEqual([]);
  });

  // Seed 428 of the mixes: a weight of 90 beside 10 is less than one of 1 alone.
  it("lets a canary take the first step away from it", () => {
    const step: [[string, number][], [string, number][]] = [
      [["web-000002", 1]],
      [
        ["web-000003", 10],
        ["web-000002", 90],
      ],
    ];
    expect(watched("forward", lastCallMs, lastCallMs, step)).toEqual([]);
    expect(watched("forward", lastCallMs, lastCallMs, [step[1], step[0]])).toHaveLength(1);
  });

  it("forgets what may run again", () => {
    const revokedMs = new Map([
      ["web-000002", 0],
      ["web.blue-000001", 0],
    ]);
    noteRevoked(head, revokedMs, 1);
    expect([...revokedMs.keys()]).toEqual(["web.blue-000001"]);
  });
});
