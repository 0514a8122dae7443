import { readFileSync } from "node:fs";
import validate from "asl-validator";
import { machineDefinitions } from "./packaged-machines.ts";

/** Judges every state machine of the packaged template with asl-validator: dangling `Next`s, broken JSONata, and the like. */
const template = process.argv[2] ?? ".serverless/cloudformation-template-update-stack.json";
let passed = 0;
let failed = 0;
for (const [id, definition] of machineDefinitions(JSON.parse(readFileSync(template, "utf8")))) {
  const { isValid, errors } = validate(definition);
  if (isValid) passed += 1;
  else failed += 1;
  console.log(`${isValid ? "ok" : "not ok"} ${id}`);
  for (const error of errors) console.log(`  ${JSON.stringify(error)}`);
}
if (passed + failed === 0) {
  console.log(`no state machine in ${template}`);
  failed = 1;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
