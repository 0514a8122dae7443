import type { Command } from "commander";
import { callerArn } from "../aws/caller.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { mendAndPush, outcomeOf } from "../execution/outcome.ts";
import { executionName, followAloud } from "../execution/start.ts";
import { outcomeText } from "../outcome-text.ts";

interface Options {
  version?: string;
  reason?: string;
  override?: string;
  acceptRule?: boolean;
  wait: boolean;
}

/** `kiln deploy`: deploys what was pushed before, as a person would from the AWS console. */
export function addDeploy(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("deploy")
    .description("deploy an artifact that was pushed before")
    .argument("<service>")
    .option("--version <version>", "left out: the one pushed last")
    .option("--reason <text>", "written into the history")
    .option("--override <why>", "in spite of a freeze or outside its windows; the reason is written into the release")
    .option("--accept-rule", "go on from the production rule as somebody else left it")
    .option("--no-wait", "do not follow it");
  examples(
    command,
    "kiln deploy web",
    "kiln deploy web --version 1.4.2",
    'kiln deploy web --override "the fix of the outage"',
  );
  const left = "What is live serves on; a deploy may have been started.";
  runs<Options>(command, surroundings, left, async (context, [service = ""], options) => {
    const { version, reason, override, acceptRule, wait } = options;
    const stage = await context.stage();
    const by = await callerArn(stage, context.output);
    const input = { service, ...given({ version, reason, override, acceptRule, by }) };
    const execution = await stage.runs.start(stage.outputs.DeployMachine, executionName(service), input);
    if (!wait) return { json: { service, execution, end: null }, text: execution };
    const followed = await followAloud(stage, execution, `deploy ${version ?? service}`, context.output);
    const outcome = outcomeOf(followed, { what: `Deploy of ${service}`, fix: mendAndPush });
    return { json: { service, ...outcome }, text: outcomeText(service, outcome) };
  });
}

/** Only what was said: the input of an execution has no place for `undefined`. */
function given(options: Readonly<Record<string, string | boolean | undefined>>): Record<string, string | boolean> {
  return Object.fromEntries(
    Object.entries(options).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
