import type { Command } from "commander";
import { ordinalOf } from "../../shared/domain/names.ts";
import type { WayBack } from "../../shared/domain/way-back.ts";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { type Outcome, outcomeOf } from "../execution/outcome.ts";
import { executionName, followAloud } from "../execution/start.ts";
import { type WayBackStatus, wayBackStatus, wayBackText } from "../explain/way-back.ts";
import { wrongUsage } from "../failure.ts";
import { outcomeText } from "../outcome-text.ts";
import type { Output } from "../output.ts";
import { requireService } from "./known-service.ts";

interface Options {
  to?: string;
  reason?: string;
  acceptRule?: boolean;
  dryRun?: boolean;
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
    .option("--dry-run", "change nothing; prove now that the way back is there, and say how long it takes")
    .option("--no-wait", "do not follow it");
  examples(
    command,
    "kiln rollback web",
    "kiln rollback web --to web-000040",
    "kiln rollback web --to web-000000",
    "kiln rollback web --dry-run",
  );
  const left = "Production points where it pointed, or the rollback goes on: see kiln status.";
  runs<Options>(command, surroundings, left, async (context, [service = ""], options) => {
    const { to, reason, acceptRule, wait } = options;
    if (to !== undefined && ordinalOf(service, to) === undefined) {
      throw wrongUsage(`"${to}" is no generation of ${service}.`, `Say one such as ${service}-000001: kiln releases.`);
    }
    if (to !== undefined && options.dryRun) {
      throw wrongUsage(
        "--dry-run proves the way to the release that served before; --to names another.",
        "Leave out one of them.",
      );
    }
    const stage = await context.stage();
    if (options.dryRun) {
      const wayBack = await proveNow(stage, service);
      const text = wayBack ? `${service}  ${wayBackText(wayBack)}` : `${service} has no earlier release that served.`;
      return { json: { service, dryRun: true, wayBack: wayBack ?? null }, text };
    }
    const execution = await startRollback(stage, service, { to, reason, acceptRule });
    if (!wait) return { json: { service, execution, end: null }, text: execution };
    const outcome = await followRollback(stage, service, execution, `rollback ${service}`, context.output);
    return { json: { service, ...outcome }, text: outcomeText(service, outcome) };
  });
}

/** What a rollback would find now; nothing is written down. */
async function proveNow(stage: Stage, service: string): Promise<WayBackStatus | undefined> {
  await requireService(stage, service);
  const asked = { mode: "way-back", service };
  const { waysBack } = await stage.functions.ask<{ waysBack: WayBack[] }>(stage.outputs.ReapFunction, asked);
  return wayBackStatus(waysBack[0]);
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
