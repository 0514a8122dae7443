import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { allSteps, quickSteps } from "./check-steps.ts";
import { summaryOf } from "./check-summary.ts";
import { runStep, type StepResult } from "./run-step.ts";

/**
 * `npm test`: what needs nothing but Node. `npm run check` (`--all`): everything that continuous integration runs.
 * Every step runs even when one before it failed, so that one run tells everything; a step that builds on a failed one
 * fails by itself.
 */
const everything = process.argv.includes("--all");
const cacheDirectory = join(import.meta.dirname, "..", ".kiln", "cache");
mkdirSync(cacheDirectory, { recursive: true });
if (everything) announceMachine();

const results: StepResult[] = [];
for (const step of everything ? allSteps : quickSteps) results.push(await runStep(step, cacheDirectory));

console.log("");
for (const line of summaryOf(results)) console.log(line);
process.exitCode = results.every(({ failed }) => failed === 0) ? 0 : 1;

function announceMachine(): void {
  const commit = spawnSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).stdout?.trim();
  console.log(
    `checking ${commit || "a tree without git"} on Node ${process.version}, ${process.platform} ${process.arch}`,
  );
}
