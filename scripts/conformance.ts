/**
 * Runs what AWS was recorded to do against the embedded cloud: `npm run conformance -- <file> [--json] [--all]`.
 * A file is a list of Step Functions executions, EventBridge patterns, and observations of `npm run verify:aws`. Executions that mix in JSONPath states are
 * left out unless `--all` is given. A case whose text is known to be damaged is judged as it was recorded, and named.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { restored } from "./conformance/damaged-cases.ts";
import { checkExecution, type RecordedExecution } from "./conformance/executions.ts";
import { checkPattern, type RecordedPattern } from "./conformance/patterns.ts";
import { checkObservations } from "./verify/embedded.ts";
import type { RecordedObservation } from "./verify/observe.ts";

type RecordedCase = RecordedExecution | RecordedPattern | RecordedObservation;

interface Result {
  name: string;
  difference: string | undefined;
}

const usage = "usage: npm run conformance -- <file> [--json] [--all]";

const { file, json, all } = readArguments();
const results: Result[] = [];
const restorations: { name: string; note: string }[] = [];
const observations: RecordedObservation[] = [];
let leftOut = 0;
for (const [index, inFile] of casesOf(file).entries()) {
  if ("check" in inFile) {
    observations.push(inFile);
    continue;
  }
  const { recorded, note } = restored(inFile);
  if (note !== undefined) restorations.push({ name: recorded.name, note });
  if ("pattern" in recorded) results.push({ name: recorded.name, difference: await checkPattern(recorded) });
  else if ("definition" in recorded) {
    if (recorded.jsonataOnly || all) results.push({ name: recorded.name, difference: await checkExecution(recorded) });
    else leftOut += 1;
  } else refuse(`case ${index + 1} of ${file} is neither an execution (definition) nor a pattern (pattern)`);
}

if (observations.length > 0) {
  const differences = await checkObservations(observations);
  results.push(...observations.map(({ name }, index) => ({ name, difference: differences[index] })));
}

const failures = results.filter(({ difference }) => difference !== undefined);
for (const { name, difference } of failures) console.error(`${name}\n  ${difference}`);
for (const { name, note } of restorations) console.error(`${name}\n  ${note}`);
if (leftOut > 0) console.error(`${leftOut} executions with JSONPath states left out (--all includes them)`);
const passed = results.length - failures.length;
const summary = { passed, failed: failures.length, failures, restored: restorations, leftOut };
console.log(json ? JSON.stringify(summary) : `${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;

function readArguments(): { file: string; json: boolean; all: boolean } {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { json: { type: "boolean", default: false }, all: { type: "boolean", default: false } },
    });
    const [path, ...more] = positionals;
    if (path === undefined || more.length > 0) return refuse(usage);
    return { file: path, json: values.json, all: values.all };
  } catch (error) {
    return refuse(`${(error as Error).message}\n${usage}`);
  }
}

function casesOf(path: string): RecordedCase[] {
  let cases: unknown;
  try {
    cases = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return refuse(`${path} cannot be read as JSON: ${(error as Error).message}`);
  }
  return Array.isArray(cases) ? (cases as RecordedCase[]) : refuse(`${path} is not a list of recorded cases`);
}

function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}
