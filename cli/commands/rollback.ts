import type { Command } from "commander";
import { ordinalOf } from "../../shared/domain/names.ts";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { type Outcome, outcomeOf } from "../execution/outcome.ts";
import { executionName, followAloud } from "../execution/start.ts";
import { wrongUsage } from "../failure.ts";
import { outcomeText } from "../outcome-text.ts";
import type { Output } from "../output.ts";

interface Options {
  to?: string;
  reason?: string;
  acceptRule?: boolean;
  wait: boolean;
}

/** `kiln rollback`: moves production back; whoever deploys the service is stopped first. */
export function addRollback(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("rollback")
    .description("go back to the release that served before, or to any kept one")
    .argument("<service>")
    .option(
      "--to <generation>",
      "the release to go back to, such as web-000040 (see kiln releases); web-000000 is what answered before Kiln",
    )
    .option("--reason <text>", "written into the history")
    .option("--accept-rule", "go on from the production rule as somebody else left it")
    .option("--no-wait", "do not follow it");
  examples(command, "kiln rollback web", "kiln rollback web --to web-000040", "kiln rollback web --to web-000000");
  const left = "Production points where it pointed, or the rollback goes on: see kiln status.";
  runs<Options>(command, surroundings, left, async (context, [service = ""], options) => {
    const { to, reason, acceptRule, wait } = options;
    if (to !== undefined && ordinalOf(service, to) === undefined) {
      throw wrongUsage(`"${to}" is no generation of ${service}.`, `Say one such as ${service}-000001: kiln releases.`);
    }
    const stage = await context.stage();
    const execution = await startRollback(stage, service, { to, reason, acceptRule });
    if (!wait) return { json: { service, execution, end: null }, text: execution };
    const outcome = await followRollback(stage, service, execution, `rollback ${service}`, context.output);
    return { json: { service, ...outcome }, text: outcomeText(service, outcome) };
  });
}

export function startRollback(
  stage: Stage,
  service: string,
  {
    to,
    reason,
    acceptRule,
  }: { to?: string | undefined; reason?: string | undefined; acceptRule?: boolean | undefined },
): Promise<string> {
  const input = {
    service,
    ...(to !== undefined && { to }),
    ...(reason !== undefined && { reason }),
    ...(acceptRule && { acceptRule }),
  };
  return stage.runs.start(stage.outputs.RollbackMachine, executionName(service), input);
}

/** @throws {CommandFailure} when it does not end with the earlier release serving. */
export async function followRollback(
  stage: Stage,
  service: string,
  execution: string,
  label: string,
  output: Output,
): Promise<Outcome> {
  const followed = await followAloud(stage, execution, label, output);
  const fix = `See which releases there are: npm run kiln -- releases ${service}.`;
  return outcomeOf(followed, { what: `Rollback of ${service}`, fix });
}
