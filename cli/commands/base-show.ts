import type { Command } from "commander";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { type RecipeBuild, recipeBuilds } from "../explain/recipe-builds.ts";
import { CommandFailure, nothingDone } from "../failure.ts";
import type { Result } from "../output.ts";

/** `kiln base show`: what was built of a golden recipe, on what, what went into it, and why a build failed. */
export function addBaseShow(base: Command, surroundings: Surroundings): void {
  const command = base
    .command("show")
    .description("show what was built of a golden recipe: images, what they were made of, who uses them, what failed")
    .argument("<recipe>");
  examples(command, "kiln base show runtime", "kiln base show runtime --json");
  runs(command, surroundings, nothingDone, async (context, [recipe = ""]) => showRecipe(await context.stage(), recipe));
}

/** @throws {CommandFailure} when nothing was ever built of it. */
export async function showRecipe(stage: Pick<Stage, "name" | "ledger" | "recipes">, recipe: string): Promise<Result> {
  const builds = await recipeBuilds(stage, recipe);
  if (builds.length === 0) {
    throw new CommandFailure({
      name: "UnknownRecipe",
      what: `Nothing was ever built of a recipe "${recipe}" in stage ${stage.name}.`,
      left: nothingDone,
      fix: "kiln base list shows recipes; kiln base apply <file> builds one.",
    });
  }
  return { json: { stage: stage.name, recipe, builds }, text: builds.flatMap(buildLines).join("\n") };
}

function buildLines(build: RecipeBuild): string[] {
  const { digest, phase, imageId, parentImageId, attempt, startedAt, isInForce, packages, users, failure } = build;
  return [
    `${digest.slice(0, 12)}  ${imageId ?? "no image"}  ${phase}${isInForce ? ", in force" : ""}`,
    `  made of   ${parentImageId}`,
    `  begun     ${startedAt}, attempt ${attempt}`,
    `  used by   ${users.join(" ") || "nobody"}`,
    `  packages  ${packages.length === 0 ? "none listed" : `${packages.length}: ${packages.join(" ")}`}`,
    ...(failure === null ? [] : [`  failed    ${failure}`]),
  ];
}
