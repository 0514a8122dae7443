import { registerHooks } from "node:module";
import { relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { readProjectFile } from "../documents/document.ts";
import type { Patch } from "../planted/planted-bug.ts";
import { patched } from "../planted/planted-code.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const mark = "?mutated";

/** The code that is loaded a second time, with the mutants in it; the cloud itself is shared. */
const loadedAnew = /^(boot|functions|shared|scripts\/(references|planted|simulate))\//;

/** The simulation makes a handler's world once; here it does for each mutant. */
export const worldsMadeAnew: Patch = {
  file: "scripts/simulate/handlers.ts",
  find: "let world = worlds.get(key);",
  replace: `const wanted = globalThis.__stryker__.world;
    if (worlds.madeFor !== wanted) worlds.clear();
    worlds.madeFor = wanted;
    let world = worlds.get(key);`,
};

/** What the loaded code looks at. Source: Stryker's instrumenter, the header that it puts before each file. */
export interface Switch {
  /** Id of the mutant that is switched on. */
  activeMutant?: string | undefined;
  /** The handlers' worlds that were made under another name are made anew: how that is done has mutants too. */
  world?: string | undefined;
  /** Whom coverage is counted for; undefined while modules are loaded. */
  currentTestId?: string | undefined;
  mutantCoverage?: { static: Record<string, number>; perTest: Record<string, Record<string, number>> };
}

/** The one switch of this process. */
export function mutantSwitch(): Switch {
  const global = globalThis as { __stryker__?: Switch };
  global.__stryker__ ??= {};
  return global.__stryker__;
}

/** Loads the simulation with these sources in place of the handlers' own: in memory, in this process. */
export async function loadMutated(sources: Readonly<Record<string, string>>): Promise<{
  references: typeof import("../references/references.ts");
  runs: typeof import("../references/reference.ts");
}> {
  const missing = new Set(Object.keys(sources));
  const hooks = registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      const isInside = isMarked(context.parentURL) && loadedAnew.test(pathOf(resolved.url));
      return isInside ? { ...resolved, url: marked(resolved.url) } : resolved;
    },
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!isMarked(url)) return loaded;
      const file = pathOf(url);
      if (file === worldsMadeAnew.file) return { ...loaded, source: patched(readProjectFile(file), worldsMadeAnew) };
      const source = sources[file];
      if (source === undefined) return loaded;
      missing.delete(file);
      return { ...loaded, source };
    },
  });
  try {
    const load = (file: string) => import(marked(pathToFileURL(`${root}scripts/${file}`).href));
    const [references, runs] = await Promise.all([load("references/references.ts"), load("references/reference.ts")]);
    if (missing.size > 0) throw new Error(`the simulation does not load ${[...missing].join(" and ")}`);
    return { references, runs };
  } finally {
    hooks.deregister();
  }
}

function marked(url: string): string {
  return `${url.split("?")[0]}${mark}`;
}

function isMarked(url: string | undefined): boolean {
  return url?.endsWith(mark) ?? false;
}

function pathOf(url: string): string {
  return url.startsWith("file:") ? relative(root, fileURLToPath(url.split("?")[0] ?? "")) : url;
}
