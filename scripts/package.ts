import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

/**
 * It takes seconds. Two runs of it in one directory take the files away from under each other, after which it waits for
 * ever: better to end with an error. Unit: milliseconds.
 */
const limitMs = 240_000;

/** Writes the deployable template and bundles into `.serverless/`, without a network or an AWS account. */
const { values } = parseArgs({
  options: { stage: { type: "string", default: "dev" }, param: { type: "string", multiple: true, default: [] } },
});
const params = values.param.map((param) => `--param=${param}`);
const result = spawnSync("serverless", ["package", "--stage", values.stage, ...params], {
  stdio: ["ignore", 2, 2],
  timeout: limitMs,
});
if (result.error) throw result.error;
process.exitCode = result.status ?? 1;
