import type { Command } from "commander";
import { type DrillResult, drillLimits } from "../../shared/domain/drill.ts";
import { callerArn } from "../aws/caller.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { outcomeOf } from "../execution/outcome.ts";
import { executionName, followAloud } from "../execution/start.ts";
import { drillText } from "../explain/drill.ts";
import { wrongUsage } from "../failure.ts";
import { outcomeText } from "../outcome-text.ts";
import { requireService } from "./known-service.ts";

interface Options {
  percent: string;
  seconds: string;
  wait: boolean;
}

/** `kiln drill`: rehearses the rollback with a small share of the requests, and says how it went. */
export function addDrill(program: Command, surroundings: Surroundings): void {
  const { percent, seconds } = drillLimits;
  const command = program
    .command("drill")
    .description(
      "rehearse the rollback: the standby gets a small share of the requests for a while, then live everything again",
    )
    .argument("<service>")
    .option("--percent <n>", `share of the requests, ${percent.least} to ${percent.most}`, String(percent.usual))
    .option("--seconds <n>", `for how long, ${seconds.least} to ${seconds.most}`, String(seconds.usual))
    .option("--no-wait", "do not follow it");
  examples(command, "kiln drill web", "kiln drill web --percent 5 --seconds 300");
  const left = "Live has every request, or has them within about a minute: see kiln status.";
  runs<Options>(command, surroundings, left, async (context, [service = ""], options) => {
    const drill = {
      percent: within("--percent", options.percent, percent),
      seconds: within("--seconds", options.seconds, seconds),
    };
    const stage = await context.stage();
    await requireService(stage, service);
    const by = await callerArn(stage, context.output);
    const input = { service, drill: { ...drill, ...(by !== undefined && { by }) } };
    const execution = await stage.runs.start(stage.outputs.RollbackMachine, executionName(`${service}-drill`), input);
    if (!options.wait) return { json: { service, execution, end: null }, text: execution };
    const followed = await followAloud(stage, execution, `drill ${service}`, context.output);
    const fix = `What stands by: npm run kiln -- status ${service}.`;
    const outcome = outcomeOf(followed, { what: `Drill of ${service}`, fix });
    const result: DrillResult | undefined = (await stage.ledger.head(service)).drilled;
    const text = [outcomeText(service, outcome), ...(result ? [`${result.verdict}: ${drillText(result)}`] : [])].join(
      "\n",
    );
    return { json: { service, ...outcome, drill: result ?? null }, text };
  });
}

/** @throws {CommandFailure} when it is no whole number of the range. */
function within(option: string, text: string, { least, most }: { least: number; most: number }): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw wrongUsage(`${option} ${text} is no whole number from ${least} to ${most}.`, "See kiln drill --help.");
}
