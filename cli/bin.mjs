#!/usr/bin/env node
// The `kiln` command when it is linked or installed: the same bootstrap as `npm run kiln`.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const bootstrap = join(dirname(dirname(fileURLToPath(import.meta.url))), "scripts", "bootstrap.mjs");
process.argv.splice(1, 1, bootstrap, "cli/main.ts");
await import(bootstrap);
