import { parseArgs } from "node:util";
import { startCloud } from "./cloud.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "4566" },
    state: { type: "string", default: ".kiln/cloud" },
    "time-factor": { type: "string", default: "1" },
  },
});

const cloud = await startCloud({
  port: Number(values.port),
  stateDirectory: values.state,
  timeFactor: Number(values["time-factor"]),
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
