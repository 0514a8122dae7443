import { parseArgs } from "node:util";
import { packDirectory } from "../cli/archive.ts";

const { positionals, values } = parseArgs({ allowPositionals: true, options: { version: { type: "string" } } });
const [directory, outFile] = positionals;
if (directory === undefined || outFile === undefined || positionals.length > 2) {
  console.error("usage: npm run artifact -- <directory> <file.tar.gz> [--version <text for the VERSION file>]");
  process.exit(2);
}

// The spec is applied by itself; inside the artifact, a change of scale would look like new code.
const written = await packDirectory(directory, outFile, {
  exclude: ["kiln.yaml"],
  replace: values.version === undefined ? {} : { VERSION: `${values.version}\n` },
});
console.log(JSON.stringify(written));
