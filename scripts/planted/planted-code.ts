import { type LoadFnOutput, registerHooks } from "node:module";
import { relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Patch, PlantedBug } from "./planted-bug.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The code that a bug may be in, and the simulation that runs it: loaded anew for each bug. The cloud itself is shared. */
const loadedAnew = /^(boot|functions|shared|scripts\/simulate)\//;

/**
 * Loads the simulation with a bug in the handlers' sources: in memory, in this process. The code that ships has no switch
 * for it, and knows nothing of it.
 */
export async function loadWith(bug: PlantedBug): Promise<{
  mixes: typeof import("../simulate/random-mix.ts");
  plans: typeof import("../simulate/run-plan.ts");
}> {
  const missing = new Set(bug.patches.map(({ file }) => file));
  const hooks = registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      const isInside = loadedAnew.test(pathOf(resolved.url)) && isPlanted(context.parentURL, bug);
      return isInside ? { ...resolved, url: planted(resolved.url, bug) } : resolved;
    },
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!isPlanted(url, bug)) return loaded;
      const patches = bug.patches.filter(({ file }) => file === pathOf(url));
      if (patches.length === 0) return loaded;
      missing.delete(pathOf(url));
      return { ...loaded, source: patches.reduce(patched, sourceOf(loaded.source)) };
    },
  });
  try {
    const load = (file: string) => import(planted(pathToFileURL(`${root}scripts/simulate/${file}`).href, bug));
    const [mixes, plans] = await Promise.all([load("random-mix.ts"), load("run-plan.ts")]);
    if (missing.size > 0) throw new Error(`${bug.id}: the simulation does not load ${[...missing].join(" and ")}`);
    return { mixes, plans };
  } finally {
    hooks.deregister();
  }
}

/** @throws {Error} unless the text to be replaced occurs exactly once: the bug would not be the one that is meant. */
export function patched(source: string, { file, find, replace }: Patch): string {
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} of: ${find}`);
  return parts.join(replace);
}

function planted(url: string, { id }: PlantedBug): string {
  return `${url.split("?")[0]}?planted=${id}`;
}

function isPlanted(url: string | undefined, { id }: PlantedBug): boolean {
  return url?.endsWith(`?planted=${id}`) ?? false;
}

function sourceOf(source: LoadFnOutput["source"]): string {
  return typeof source === "string" ? source : new TextDecoder().decode(source ?? new Uint8Array());
}

function pathOf(url: string): string {
  return url.startsWith("file:") ? relative(root, fileURLToPath(url.split("?")[0] ?? "")) : url;
}
