import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ensurePackage } from "../../cli/embedded/packaging.ts";
import type { PackageFiles } from "../../local/cloudformation/deploy-package.ts";

/** The package of a stage, made anew when its sources changed, read into memory: the simulation itself touches no file. */
export async function packageInMemory(stage: string): Promise<PackageFiles> {
  const { directory } = await ensurePackage(stage);
  const files = new Map<string, Uint8Array>();
  for (const name of (await readdir(directory)).sort()) {
    if (/\.(json|zip)$/.test(name)) files.set(name, await readFile(join(directory, name)));
  }
  return {
    names: async () => [...files.keys()],
    read: async (name) => files.get(name) ?? Promise.reject(new Error(`the package has no ${name}`)),
  };
}
