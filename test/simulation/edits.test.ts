import { beforeAll, describe, expect, it } from "vitest";
import type { Deed } from "../../scripts/simulate/deeds.ts";
import { type EditKind, editKinds } from "../../scripts/simulate/edits/edits.ts";
import type { Happening, MixPlan } from "../../scripts/simulate/mix-plan.ts";
import { runMixPlan } from "../../scripts/simulate/random-mix.ts";
import type { Situation } from "../../scripts/simulate/scenarios.ts";
import type { PreparedStage, SimulatedStage } from "../../scripts/simulate/simulated-stage.ts";
import { at, prepared, push, rollback } from "./mixes.ts";

let begins: Record<Situation, PreparedStage>;

beforeAll(async () => {
  begins = await prepared();
}, 120_000);

const edit = (what: EditKind, seconds: number, which = 0.1, how = 0.3): Deed => ({
  do: "edit",
  what,
  service: "web",
  seconds,
  ways: [which, how],
});

/** Runs the plan; says how its deploys and rollbacks ended, and what was broken. */
async function ran(happenings: Happening[], faults: MixPlan["faults"] = [], seed = 5) {
  const plan: MixPlan = { seed, begins: "live and standby", happenings, faults };
  const ends: (string | undefined)[] = [];
  const see = (stage: SimulatedStage) => {
    // Two deploys made the situation.
    const own = [...stage.executions("deploy").slice(2), ...stage.executions("rollback")];
    ends.push(...own.map(({ arn, error }) => error ?? stage.path(arn).at(-1)));
  };
  const { problems } = await runMixPlan(plan, begins["live and standby"], { see });
  return { ends, problems };
}

/** How a deploy and a rollback after it end when the edit was made before both, and when it was made while the deploy observed. */
const ends: Readonly<Record<EditKind, { before: string[]; meanwhile: string[] }>> = {
  "rule-weights": {
    before: ["RuleConflictError", "RuleConflictError"],
    meanwhile: ["RuleConflictError", "RuleConflictError"],
  },
  "rule-gone": {
    before: ["RuleConflictError", "RuleConflictError"],
    meanwhile: ["RuleConflictError", "RuleConflictError"],
  },
  "rule-priority": { before: ["Live", "RolledBack"], meanwhile: ["Live", "RolledBack"] },
  // Its role says nothing by which Kiln finds it.
  "rule-untagged": { before: ["RuleConflictError", "RuleConflictError"], meanwhile: ["Live", "RolledBack"] },
  // Somebody's rule sends requests to the candidate: it is not removed.
  "rule-overtaken": {
    before: ["RuleConflictError", "RuleConflictError"],
    meanwhile: ["FailedDirty", "RuleConflictError"],
  },
  "group-sizes": { before: ["Live", "RolledBack"], meanwhile: ["Live", "RolledBack"] },
  // The rollback waits for nothing that the standby lacks, and takes the place of a deploy that goes on retiring it.
  "group-suspended": { before: ["Kiln.PreEmpted", "RolledBack"], meanwhile: ["Live", "RolledBack"] },
  "group-protected": { before: ["Kiln.PreEmpted", "RolledBack"], meanwhile: ["Live", "RolledBack"] },
  "group-gone": { before: ["Live", "RolledBack"], meanwhile: ["ObservationFailedError", "RolledBack"] },
  "image-gone": { before: ["Live", "RolledBack"], meanwhile: ["Live", "RolledBack"] },
  "image-disabled": { before: ["Live", "RolledBack"], meanwhile: ["Live", "RolledBack"] },
  "image-deprecated": { before: ["Live", "RolledBack"], meanwhile: ["Live", "RolledBack"] },
  "image-untagged": { before: ["Live", "RolledBack"], meanwhile: ["Live", "RolledBack"] },
};

describe("what somebody edits by hand", () => {
  // Seed 328 of mixes with many edits: the rule to be put back named a target group that had been retired meanwhile.
  it("is put back as it is expected, also when a fleet was retired meanwhile", async () => {
    const found = await ran([at(0, push("3")), at(100, edit("rule-gone", 600))]);
    expect(found.problems).toEqual([]);
  });

  // Seeds 8497 and 11643: it named what a deploy that never moved traffic would have made of the rule.
  it.each(["rule-overtaken", "rule-gone"] as const)(
    "(%s) is put back as it was before a deploy whose change was denied",
    async (what) => {
      const denied = { at: "deploy 1 cutover elasticloadbalancing:ModifyRule 1", kind: "denied" } as const;
      for (const seconds of [60, 400]) {
        const found = await ran([at(0, push("3")), at(seconds, edit(what, 600))], [denied]);
        expect(found).toEqual({ ends: ["AccessDenied"], problems: [] });
      }
    },
  );

  it("(rule-overtaken) is no more told once a deploy was to go on from it", async () => {
    const accepting: Deed = {
      do: "begin",
      machine: "Deploy",
      input: { service: "web", version: "3", acceptRule: true },
    };
    const found = await ran([
      at(0, edit("rule-overtaken", 600)),
      at(5, push("3")),
      at(60, accepting),
      at(300, rollback),
    ]);
    expect(found).toEqual({ ends: ["RuleConflictError", "Live", "RolledBack"], problems: [] });
  });

  // Seed 19458: the deploy was as large as what is live, which did not serve.
  it("(rule-weights) is gone on from with as many servers as what serves has", async () => {
    const found = await ran([at(100, edit("rule-weights", 900)), at(110, edit("group-sizes", 900, 0.1, 0.76))], [], 6);
    expect(found.problems).toEqual([]);
  });

  it.each(editKinds)("(%s) before a deploy leaves nothing wrong once it is put right", async (what) => {
    const found = await ran([at(0, edit(what, 600)), at(5, push("3")), at(300, rollback)]);
    expect(found).toEqual({ ends: ends[what].before, problems: [] });
  });

  it.each(editKinds)("(%s) while a deploy observes leaves nothing wrong once it is put right", async (what) => {
    const found = await ran([at(0, push("3")), at(60, edit(what, 600, 0.9, 0.7)), at(300, rollback)]);
    expect(found).toEqual({ ends: ends[what].meanwhile, problems: [] });
  });
});
