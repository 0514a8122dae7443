import type { Command } from "commander";
import type { ImageLine, ImagePlan } from "../../shared/domain/image-plan.ts";
import type { PlannedWork } from "../../shared/survey.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { outcomeOf } from "../execution/outcome.ts";
import { executionName, followAloud } from "../execution/start.ts";
import { outcomeText } from "../outcome-text.ts";
import type { Result } from "../output.ts";

/** `kiln sweep`: finishes or removes what was left, or only says what that would be. */
export function addSweep(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("sweep")
    .description("finish or remove what interrupted deploys left")
    .option("--dry-run", "only say what it would do, and why");
  examples(command, "kiln sweep --dry-run", "kiln sweep");
  const left = "Services that were not reached are as they were; the sweep runs again by itself within the hour.";
  runs<{ dryRun?: boolean }>(command, surroundings, left, async (context, _args, { dryRun }) => {
    const stage = await context.stage();
    if (dryRun) {
      const { ReapFunction, BaseFunction } = stage.outputs;
      const [{ plan }, { lines }] = await Promise.all([
        stage.functions.ask<{ plan: PlannedWork[] }>(ReapFunction, { mode: "survey" }),
        stage.functions.ask<ImagePlan>(BaseFunction, { find: "unneeded" }),
      ]);
      return planned([...plan, ...baseWork(lines)]);
    }
    const execution = await stage.runs.start(stage.outputs.SweepMachine, executionName("sweep"), {});
    const followed = await followAloud(stage, execution, "sweep", context.output);
    const outcome = outcomeOf(followed, { what: "Sweep", fix: "Run it again." });
    const { plan = [] } = (followed.ending.output ?? {}) as { plan?: PlannedWork[] };
    return { json: { ...outcome, plan }, text: `${planText(plan)}\n${outcomeText("sweep", outcome)}` };
  });
}

/** Bases belong to no service. */
function baseWork(lines: readonly ImageLine[]): PlannedWork[] {
  return lines.flatMap(({ imageId, action, reason }) =>
    action === "keep" ? [] : [{ service: "", generation: "", action, image: imageId, reason: `${imageId}: ${reason}` }],
  );
}

function planned(plan: PlannedWork[]): Result {
  return { json: { dryRun: true, plan }, text: planText(plan) };
}

/** One line for each thing: what would be done to what, and why. */
export function planText(plan: readonly PlannedWork[]): string {
  if (plan.length === 0) return "nothing to sweep";
  return plan
    .map(
      ({ action, service, generation, reason }) => `${action.padEnd(8)} ${generation || service || "base"}  ${reason}`,
    )
    .join("\n");
}
