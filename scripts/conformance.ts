/**
 * Runs what AWS was recorded to do against the embedded cloud: `npm run conformance -- <file> [--json] [--all]`.
 * A file is a list of Step Functions executions or of EventBridge patterns. Executions that mix in JSONPath states are
 * left out unless `--all` is given.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { checkExecution, type RecordedExecution } from "./conformance/executions.ts";
import { checkPattern, type RecordedPattern } from "./conformance/patterns.ts";

interface Result {
  name: string;
  difference: string | undefined;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, all: { type: "boolean", default: false } },
});
const [file] = positionals;
if (file === undefined || positionals.length > 1) {
  console.error("usage: npm run conformance -- <file> [--json] [--all]");
  process.exit(2);
}

const cases = JSON.parse(readFileSync(file, "utf8")) as (RecordedExecution | RecordedPattern)[];
const results: Result[] = [];
for (const recorded of cases) {
  if ("pattern" in recorded) results.push({ name: recorded.name, difference: checkPattern(recorded) });
  else if (recorded.jsonataOnly || values.all) {
    results.push({ name: recorded.name, difference: await checkExecution(recorded) });
  }
}

const failures = results.filter(({ difference }) => difference !== undefined);
for (const { name, difference } of failures) console.error(`${name}\n  ${difference}`);
const passed = results.length - failures.length;
if (values.json) console.log(JSON.stringify({ passed, failed: failures.length, failures }));
else console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;
