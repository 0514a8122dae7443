import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { allSteps, quickSteps } from "./check-steps.ts";
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
for (const { name, passed, failed, seconds, why } of results) {
  const verdict = failed === 0 ? "ok    " : "FAILED";
  console.log(
    `${verdict} ${name.padEnd(10)} ${passed} passed, ${failed} failed, ${seconds} s${why ? ` (${why})` : ""}`,
  );
}
const total = (of: "passed" | "failed") => results.reduce((sum, result) => sum + result[of], 0);
console.log(`${total("passed")} passed, ${total("failed")} failed`);
process.exitCode = total("failed") === 0 ? 0 : 1;

function announceMachine(): void {
  const commit = spawnSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).stdout?.trim();
  console.log(
    `checking ${commit || "a tree without git"} on Node ${process.version}, ${process.platform} ${process.arch}`,
  );
}
