import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { type Connection, clientConfiguration, connectTo } from "../cli/aws/connection.ts";
import { verifyTag } from "./verify/account.ts";
import type { Check } from "./verify/check.ts";
import { checks } from "./verify/checks.ts";
import { cloudForChecks, embeddedPollMs } from "./verify/embedded.ts";
import { type Observed, observe } from "./verify/observe.ts";

/**
 * `npm run verify:aws`: asks AWS what only AWS can answer. It makes things in an account, tagged, takes them away again, and
 * writes down what it saw as `npm run conformance` reads it. It starts only when the account is named and the cost is
 * agreed to; `--embedded` asks the embedded cloud instead, which exercises the checks and says nothing about AWS.
 * Exit codes: 0 all as assumed, 1 something differs, 2 wrong usage or no consent, 3 something was left behind.
 */
const usage = `usage: npm run verify:aws -- --account <12 digits> --i-pay [--region <region>] [--only <check>]... [--record <file>]
       npm run verify:aws -- --embedded [--only <check>]... [--record <file>]`;

/** Between two looks on AWS. Unit: milliseconds. */
const awsPollMs = 2_000;

const options = readOptions();
const chosen = checks.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
const unknown = options.only.filter((name) => !checks.some((check) => check.name === name));
if (unknown.length > 0)
  refuse(`there is no check ${unknown.join(", ")}; there are ${checks.map(({ name }) => name).join(", ")}`);

let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    say("stopping after what is under way has been taken away");
    stopping = true;
  });
}

const runId = randomBytes(4).toString("hex");
const observed = options.embedded ? await onEmbeddedCloud() : await onAws();
if (options.record !== undefined) writeFileSync(options.record, `${JSON.stringify(observed.recorded, null, 1)}\n`);
process.exitCode = report(observed);

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        account: { type: "string" },
        "i-pay": { type: "boolean", default: false },
        region: { type: "string" },
        only: { type: "string", multiple: true, default: [] },
        record: { type: "string" },
        embedded: { type: "boolean", default: false },
      },
    });
    return values;
  } catch (error) {
    return refuse(`${(error as Error).message}\n${usage}`);
  }
}

async function onEmbeddedCloud(): Promise<Observed> {
  const cloud = await cloudForChecks();
  try {
    return await observeOn(connectTo(cloud.endpoint), embeddedPollMs);
  } finally {
    await cloud.stop();
  }
}

async function onAws(): Promise<Observed> {
  if (process.env["AWS_ENDPOINT_URL"])
    refuse("AWS_ENDPOINT_URL is set, so this would not be AWS; unset it, or use --embedded");
  const { account, region } = options;
  if (account === undefined || !options["i-pay"]) refuse(`${plan(chosen)}\n\n${usage}`);
  const connection: Connection = { kind: "aws", endpoint: undefined, region, credentials: undefined };
  const sts = new STSClient(clientConfiguration(connection));
  const caller = await sts.send(new GetCallerIdentityCommand({}));
  sts.destroy();
  if (caller.Account !== account) refuse(`the credentials are of account ${caller.Account}, and ${account} was named`);
  say(`${caller.Arn} in ${region ?? "the region of its profile"}; everything is tagged ${verifyTag}=${runId}`);
  return observeOn(connection, awsPollMs);
}

function observeOn(connection: Connection, pollMs: number): Promise<Observed> {
  const recordings = options.only.length === 0;
  return observe({ connection, runId, pollMs, checks: chosen, recordings, say, stopping: () => stopping });
}

/** What would be done and what it costs at most, for a person who has not agreed yet. */
function plan(planned: readonly Check[]): string {
  const total = planned.reduce((sum, { cents }) => sum + cents, 0);
  const lines = planned.map(({ name, cents, question }) => `  ${name} (up to ${cents} US cents): ${question}`);
  return [
    "This makes things in an AWS account, tags them, and takes them away again:",
    ...lines,
    `  at most ${total} US cents in all, in us-east-1`,
    "Nothing was made. To go on, name the account and agree to pay: --account <12 digits> --i-pay",
  ].join("\n");
}

function report({ recorded, differences, left }: Observed): number {
  for (const difference of differences) say(`differs: ${difference}`);
  if (left.length > 0) say(`LEFT BEHIND, tagged ${verifyTag}=${runId}: ${left.join(", ")}`);
  console.log(
    `${recorded.length} recorded on ${options.embedded ? "the embedded cloud" : "AWS"}, ${differences.length} not as assumed, ${left.length} left behind`,
  );
  if (left.length > 0) return 3;
  return differences.length > 0 ? 1 : 0;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}
