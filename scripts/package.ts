import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

/** Writes the deployable template and bundles into `.serverless/`, without a network or an AWS account. */
const { values } = parseArgs({ options: { stage: { type: "string", default: "dev" } } });
const result = spawnSync("serverless", ["package", "--stage", values.stage], { stdio: ["ignore", 2, 2] });
if (result.error) throw result.error;
process.exitCode = result.status ?? 1;
