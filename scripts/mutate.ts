import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { jsonText, projectRoot, readProjectFile, writeDocuments } from "./documents/document.ts";
import { proofDocument } from "./documents/proof-page.ts";
import {
  type MutationReport,
  merged,
  mutationResultsFile,
  readMutationResults,
  rowsOf,
  scoreOf,
} from "./mutation/results.ts";

/**
 * `npm run mutate [-- path …]`: changes one thing at a time in the pure decisions and asks whether a test notices. Prints
 * what survived, and keeps each file's score for the documentation. All of them take about half an hour.
 */
const paths = process.argv.slice(2);
const stryker = join(projectRoot, "node_modules", ".bin", "stryker");
const chosen = paths.length > 0 ? ["--mutate", paths.join(",")] : [];
const { status } = spawnSync(stryker, ["run", ...chosen], { cwd: projectRoot, stdio: "inherit" });
if (status === 0) {
  const measured = rowsOf(JSON.parse(readProjectFile(".kiln/mutation.json")) as MutationReport);
  const rows = merged(readMutationResults(), measured);
  writeFileSync(join(projectRoot, mutationResultsFile), jsonText(rows));
  writeDocuments([proofDocument()]);
  console.log(
    `${scoreOf(measured)} % of ${measured.reduce((sum, { mutants }) => sum + mutants, 0)} mutants were noticed`,
  );
}
process.exitCode = status ?? 1;
