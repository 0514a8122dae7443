import { join } from "node:path";
import { programDirectory, programNames } from "./programs/program-directory.ts";

/** `npm run programs`: fetches what `npm run test:programs` deploys, so that the tests need no network. */
const cacheDirectory = join(import.meta.dirname, "..", ".kiln", "cache");
for (const name of programNames()) {
  const startedMs = performance.now();
  const directory = programDirectory(name, cacheDirectory);
  console.log(`${name.padEnd(12)} ${directory} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`);
}
