import type { Command } from "commander";
import { resolveBase } from "../../shared/base-resolution.ts";
import { makeBaseReady } from "../base-ready.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { readRecipeFile } from "../spec-file.ts";

/** `kiln base apply`: puts a golden recipe in force, and builds its image ahead of the first deploy that needs it. */
export function addBaseApply(base: Command, surroundings: Surroundings): void {
  const command = base
    .command("apply")
    .description("put a golden recipe in force, build its image and try it on a throw-away instance")
    .argument("<file>", "the recipe, such as recipe.yaml");
  examples(command, "kiln base apply recipe.yaml");
  const left = "The recipe may be in force; what is live serves on. Applying it again is harmless.";
  runs(command, surroundings, left, async (context, [file = ""]) => {
    const recipe = await readRecipeFile(file);
    const stage = await context.stage();
    const { digest, unchanged } = await stage.recipes.apply(recipe);
    context.output.progress(`applied  recipe ${recipe.recipe}`);
    const wish = { base: { recipe: recipe.recipe }, architecture: recipe.architecture };
    const resolved = await resolveBase(wish, undefined, stage);
    await makeBaseReady(stage, resolved, undefined, context.output);
    const build = await stage.recipes.build(resolved.golden?.digest ?? "");
    const facts = { recipe: recipe.recipe, digest, unchanged, parentImageId: resolved.imageId };
    const image = build?.imageId ?? null;
    const text = `recipe ${recipe.recipe} (${digest.slice(0, 12)}) on ${resolved.imageId}: image ${image}, tried and ready`;
    return { json: { ...facts, imageId: image, packages: build?.packages?.length ?? 0 }, text };
  });
}
