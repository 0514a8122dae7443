import * as z from "zod/mini";
import { type Problem, problemsOf } from "./problems.ts";
import { recipePattern } from "./recipe-name.ts";

const oneScript = z.string().check(z.minLength(1), z.maxLength(16_000));

const file = z.strictObject({
  /** Where it stands on the servers. */
  path: z
    .string()
    .check(z.regex(/^(\/(?!\.\.?(\/|$))[A-Za-z0-9._@+-]+){2,16}$/, "must be an absolute path of plain names")),
  content: z.string().check(z.maxLength(16_000)),
  /** Octal, such as 0644 or 0755; no setuid. */
  mode: z._default(z.string().check(z.regex(/^0[0-7]{3}$/, "must be octal, such as 0644")), "0644"),
});

/** A golden recipe as a person writes it: what a base image gets on top of its parent. */
export const recipeSchema = z.strictObject({
  /** Name of the recipe; a service names it with `base: { recipe: <name> }`. */
  recipe: z.string().check(z.regex(recipePattern, "must be 2–32 lower-case letters, digits or dashes")),
  /** Operating system underneath: a base that Kiln knows by name, or an AMI. Its image must ship the SSM Agent. */
  parent: z._default(
    z.union([
      z.enum(["al2023", "ubuntu-24.04"]),
      z.strictObject({ ami: z.string().check(z.regex(/^ami-[0-9a-f]{8,17}$/, "must be an AMI id")) }),
    ]),
    "al2023",
  ),
  /** Processor architecture of parent and builder, and of the services that stand on it. */
  architecture: z._default(z.enum(["x86_64", "arm64"]), "x86_64"),
  /** EC2 instance type of builder and throw-away instance. */
  instanceType: z._default(
    z.string().check(z.regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, "must be an instance type")),
    "t3.small",
  ),
  /** Packages of the distribution, installed first by dnf or apt-get. */
  packages: z._default(
    z
      .array(z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9.+_:@~=-]{0,99}$/, "must be a package's name")))
      .check(z.maxLength(100)),
    [],
  ),
  /** Files, written after the packages. */
  files: z._default(z.array(file).check(z.maxLength(50)), []),
  /** Shell scripts, run as root one after another after that; the first that fails ends the build. They begin in `/`. */
  scripts: z._default(z.array(oneScript).check(z.maxLength(20)), []),
  /** Shell scripts that must succeed on a fresh instance of the image before anything is made on it. */
  checks: z._default(z.array(oneScript).check(z.maxLength(20)), []),
  /** Unit: seconds, 60–3600: how long packages, files and scripts may take together, and the checks again as long. */
  timeoutSeconds: z._default(z.int().check(z.minimum(60), z.maximum(3600)), 900),
});

export type Recipe = z.infer<typeof recipeSchema>;

/**
 * Unit: characters of a script as it is sent. Systems Manager takes documents of 64 KiB; the rest is for what it wraps
 * around them. Source: Systems Manager endpoints and quotas, "Document size".
 */
export const longestScript = 48_000;

/** Parses a recipe and reports every problem at once. */
export function parseRecipe(document: unknown): { recipe: Recipe } | { problems: Problem[] } {
  const parsed = recipeSchema.safeParse(document);
  if (!parsed.success) return { problems: problemsOf(parsed.error) };
  const recipe = parsed.data;
  const problems: Problem[] = [];
  if (recipe.packages.length + recipe.files.length + recipe.scripts.length === 0) {
    problems.push({ path: "recipe", message: "adds nothing: it has neither packages, files nor scripts" });
  }
  const length = JSON.stringify([recipe.files, recipe.scripts, recipe.packages]).length * 1.4;
  if (length > longestScript)
    problems.push({ path: "files", message: "and scripts are too long for one command; put large files into a layer" });
  return problems.length > 0 ? { problems } : { recipe };
}
