import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { jsonText, projectRoot, readProjectFile, writeDocuments } from "./documents/document.ts";
import { proofDocument } from "./documents/proof-page.ts";
import { mutateHandlers } from "./mutation/handlers.ts";
import {
  type MutationReport,
  type MutationRow,
  merged,
  mutationResultsFile,
  readMutationResults,
  rowsOf,
  scoreOf,
} from "./mutation/results.ts";

const usage = `usage: npm run mutate [-- path …]               the pure decisions, judged by their tests
       npm run mutate -- --handlers [path …]    the handlers, judged by the reference runs`;

/**
 * Changes one thing at a time in the code and asks whether somebody notices. Prints what survived, and keeps each file's
 * score for the documentation. The pure decisions take about half an hour, the handlers a quarter of one.
 */
async function main(): Promise<number> {
  const [first, ...others] = process.argv.slice(2);
  if (first?.startsWith("-") && first !== "--handlers") {
    console.error(usage);
    return 2;
  }
  const paths = first === undefined ? [] : [first, ...others];
  const measured = first === "--handlers" ? await mutateHandlers(others) : byTests(paths);
  if (!measured) return 1;
  const rows = merged(readMutationResults(), measured);
  writeFileSync(join(projectRoot, mutationResultsFile), jsonText(rows));
  writeDocuments([proofDocument()]);
  const mutants = measured.reduce((sum, row) => sum + row.mutants, 0);
  console.log(`${scoreOf(measured)} % of ${mutants} mutants were noticed`);
  return 0;
}

/** Lets Stryker do it. Undefined when it fails. */
function byTests(paths: readonly string[]): MutationRow[] | undefined {
  const stryker = join(projectRoot, "node_modules", ".bin", "stryker");
  const chosen = paths.length > 0 ? ["--mutate", paths.join(",")] : [];
  const { status } = spawnSync(stryker, ["run", ...chosen], { cwd: projectRoot, stdio: "inherit" });
  if (status !== 0) return undefined;
  return rowsOf(JSON.parse(readProjectFile(".kiln/mutation.json")) as MutationReport);
}

process.exitCode = await main();
