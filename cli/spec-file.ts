import { readFile } from "node:fs/promises";
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import type { Problem } from "../shared/domain/problems.ts";
import { parseRecipe, type Recipe } from "../shared/domain/recipe.ts";
import { parseServiceSpec, type ServiceSpec } from "../shared/domain/service-spec.ts";
import { CommandFailure, nothingDone } from "./failure.ts";

// The handlers' bundles leave the words of zod's messages out; a person needs them.

/** Unit: bytes. A spec is a page; anything longer is some other file. */
const largestBytes = 256 * 1024;

/**
 * Reads a service spec.
 * @throws {CommandFailure} with every problem at once, each with its line.
 */
export async function readSpecFile(file: string): Promise<ServiceSpec> {
  const read = parseSpecText(await textOf(file, "SpecInvalid", "service spec, such as kiln.yaml"));
  if ("spec" in read) return read.spec;
  throw invalid(file, "SpecInvalid", "service spec", read.problems);
}

/**
 * Reads a golden recipe.
 * @throws {CommandFailure} with every problem at once, each with its line.
 */
export async function readRecipeFile(file: string): Promise<Recipe> {
  const read = parseText(await textOf(file, "RecipeInvalid", "recipe, such as recipe.yaml"), parseRecipe);
  if ("recipe" in read) return read.recipe;
  throw invalid(file, "RecipeInvalid", "recipe", read.problems);
}

async function textOf(file: string, name: string, wanted: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    const what = `${file} cannot be read: ${cause.code ?? cause.message}.`;
    throw new CommandFailure(
      { name, what, left: nothingDone, fix: `Name the file that holds the ${wanted}.` },
      { cause },
    );
  });
}

function invalid(file: string, name: string, kind: string, problems: readonly LocatedProblem[]): CommandFailure {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return new CommandFailure({
    name,
    what: `${file} is no valid ${kind}: ${count}.`,
    details: problems.map(({ line, message }) => `${file}:${line}: ${message}`),
    left: nothingDone,
    fix: "Mend these lines, then apply it again.",
  });
}

/** A problem with the line it stands on, counted from 1. */
export interface LocatedProblem {
  line: number;
  message: string;
}

/** Parses a spec's text; problems come in the order of their lines. */
export function parseSpecText(text: string): { spec: ServiceSpec } | { problems: LocatedProblem[] } {
  return parseText(text, parseServiceSpec);
}

function parseText<T extends object>(
  text: string,
  parse: (document: unknown) => T | { problems: Problem[] },
): T | { problems: LocatedProblem[] } {
  if (Buffer.byteLength(text) > largestBytes) {
    return { problems: [{ line: 1, message: `it is longer than ${largestBytes} bytes` }] };
  }
  const lines = new LineCounter();
  // stringKeys: a collection as a key is legal YAML, and never meant.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  if (document.errors.length > 0) {
    return {
      problems: document.errors.map(({ message, pos }) => ({ line: lines.linePos(pos[0]).line, message })),
    };
  }
  const value = plainValue(document);
  if ("refused" in value) return { problems: [{ line: 1, message: value.refused }] };
  const parsed = parse(value.plain);
  if (!("problems" in parsed)) return parsed;
  const problems = parsed.problems.map((problem) => ({
    line: lineOf(problem, document, lines),
    message: problem.path === "(top)" ? problem.message : `${problem.path}: ${problem.message}`,
  }));
  return { problems: problems.sort((a, b) => a.line - b.line) };
}

/** The document as plain values. Aliases have a bound: a few lines of them can grow to gigabytes. */
function plainValue(document: Document): { plain: unknown } | { refused: string } {
  try {
    return { plain: document.toJS({ maxAliasCount: 100 }) };
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
}

/** The line of the value a problem is about; where that is missing, of the nearest thing around it. */
function lineOf(problem: Problem, document: Document, lines: LineCounter): number {
  const path = problem.path === "(top)" ? [] : problem.path.split(".");
  // A problem with an unknown key is told of what holds it; the key stands in the message.
  const unknownKey = /"([^"]+)"/.exec(problem.message)?.[1];
  let offset = unknownKey === undefined ? undefined : offsetOf(document, [...path, unknownKey]);
  for (let length = path.length; length > 0 && offset === undefined; length--) {
    offset = offsetOf(document, path.slice(0, length));
  }
  return offset === undefined ? 1 : lines.linePos(offset).line;
}

/** Where a key stands in the text; for an item of a list, where the item does. */
function offsetOf(document: Document, path: readonly string[]): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1) ?? "";
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === last);
    return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
  }
  const node = document.getIn(path, true);
  return isNode(node) ? node.range?.[0] : undefined;
}
