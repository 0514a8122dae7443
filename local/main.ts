import { parseArgs } from "node:util";
import { startCloud } from "./cloud.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "4566" },
    state: { type: "string", default: ".kiln/cloud" },
    "time-factor": { type: "string", default: "1" },
    "event-duplicates": { type: "string", default: "0" },
    "event-delay": { type: "string", default: "0" },
  },
});

const duplicates = numberOf("event-duplicates", 1);
const delaySeconds = numberOf("event-delay", 86_400);
const cloud = await startCloud({
  port: Number(values.port),
  stateDirectory: values.state,
  timeFactor: Number(values["time-factor"]),
  ...((duplicates > 0 || delaySeconds > 0) && { eventDisturbance: { duplicates, delaySeconds } }),
  log: (line) => process.stderr.write(`${line}\n`),
});
process.stdout.write(
  `The embedded cloud answers on ${cloud.endpoint}; its state is in ${values.state}. Ctrl-C ends it.\n`,
);

let ending: Promise<void> | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    ending ??= cloud.stop();
    void ending.then(() => process.exit(0));
  });
}

/** Ends the program with code 2 when the option is no number within its bounds. */
function numberOf(name: "event-duplicates" | "event-delay", max: number): number {
  const value = Number(values[name]);
  if (value >= 0 && value <= max) return value;
  process.stderr.write(`--${name} must be a number from 0 to ${max}, not "${values[name]}"\n`);
  process.exit(2);
}
