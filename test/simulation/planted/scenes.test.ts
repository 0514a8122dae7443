import { beforeAll, describe, expect, it } from "vitest";
import { plantedBugs } from "../../../scripts/planted/planted-bugs.ts";
import { scenes } from "../../../scripts/planted/scenes.ts";
import { exhaustiveSeed } from "../../../scripts/simulate/exhaustive.ts";
import type { Begins } from "../../../scripts/simulate/jobs.ts";
import { packageInMemory } from "../../../scripts/simulate/package-files.ts";
import { runPlan } from "../../../scripts/simulate/run-plan.ts";
import { scenarios, situations } from "../../../scripts/simulate/scenarios.ts";
import { prepareStage, stageName } from "../../../scripts/simulate/simulated-stage.ts";

let begins: Begins;

beforeAll(async () => {
  begins = await situations(await prepareStage(await packageInMemory(stageName)));
}, 120_000);

describe("a scene in which another tool went wrong", () => {
  it.each(scenes)("keeps every promise without the mistake: $name", async (scene) => {
    const { problems, path } = await runPlan(scene, begins[scene.begins], exhaustiveSeed);
    expect(problems).toEqual([]);
    expect(path.length).toBeGreaterThan(0);
  });

  it("is there for some mistake, and every mistake's scene is there", () => {
    const wanted = plantedBugs.flatMap(({ scene, faults }) => [scene, faults?.scenario]).filter((name) => name);
    const names = scenes.map(({ name }) => name);
    expect(names.filter((name) => !wanted.includes(name))).toEqual([]);
    const known = [...names, ...scenarios.map(({ name }) => name)];
    expect(wanted.filter((name) => !known.includes(name ?? ""))).toEqual([]);
  });
});
