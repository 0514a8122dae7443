import { production } from "./model/calls.ts";
import { explore } from "./model/explore.ts";
import { scenes } from "./model/scenes.ts";

/** Explores every scene to the end and prints how far that was. */
let broken = 0;
for (const { name, world } of scenes()) {
  const began = performance.now();
  const { states, transitions, ends, violation } = explore(world, production);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const extent = `${states} states, ${transitions} transitions, ${ends} ends, ${seconds} s`;
  console.log(`${violation ? "BROKEN" : "ok    "} ${name}: ${extent}`);
  if (violation) console.log([violation.promise, ...violation.path].map((line) => `    ${line}`).join("\n"));
  if (violation) broken += 1;
}
console.log(`${scenes().length - broken} passed, ${broken} failed`);
process.exitCode = broken === 0 ? 0 : 1;
