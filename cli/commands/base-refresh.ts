import type { Command } from "commander";
import { withRefreshResumed } from "../../shared/domain/refresh.ts";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { outcomeOf } from "../execution/outcome.ts";
import { executionName, followAloud } from "../execution/start.ts";
import { wrongUsage } from "../failure.ts";
import { requireService } from "./known-service.ts";

interface Options {
  reason?: string;
  resume?: boolean;
  wait: boolean;
}

/** What a refresh has started, and what it left alone. */
interface Started {
  services: { service: string; reason: string; execution: string }[];
  left: { service: string; reason: string }[];
}

/** `kiln base refresh`: what the daily schedule does, now; or takes off the pause of a service's refresh. */
export function addBaseRefresh(base: Command, surroundings: Surroundings): void {
  const command = base
    .command("refresh")
    .description("deploy again what stands on an outdated base or is too old, as the daily schedule does")
    .argument("[service]", "begins at once; left out: every service, one after another, each in its window")
    .option("--reason <text>", "deploy the service again although nothing about it is outdated")
    .option("--resume", "only take off the pause after failed refreshes, so that the schedule goes on")
    .option("--no-wait", "do not wait until the deploys have begun");
  examples(
    command,
    "kiln base refresh",
    'kiln base refresh web --reason "new certificates in the base"',
    "kiln base refresh web --resume",
  );
  const left = "What is live serves on; some deploys may have been started.";
  runs<Options>(command, surroundings, left, async (context, [service], { reason, resume = false, wait }) => {
    if (service === undefined && (resume || reason !== undefined)) {
      throw wrongUsage(`--${resume ? "resume" : "reason"} belongs to one service.`, "Name it.");
    }
    const stage = await context.stage();
    if (service !== undefined) await requireService(stage, service);
    if (service !== undefined && resume) {
      const wasPaused = await resumeRefresh(stage, service);
      return {
        json: { service, wasPaused },
        text: `${service} ${wasPaused ? "is refreshed again" : "was not paused"}`,
      };
    }
    const input = service === undefined ? {} : { service, now: true, ...(reason !== undefined && { reason }) };
    const name = executionName(`refresh-${service ?? "all"}`);
    const execution = await stage.runs.start(stage.outputs.RefreshMachine, name, input);
    if (!wait) return { json: { execution, end: null }, text: execution };
    const followed = await followAloud(stage, execution, "refresh", context.output);
    const outcome = outcomeOf(followed, { what: "Refresh", fix: "Do what it says, then run it again." });
    const { services = [], left: alone = [] } = (followed.ending.output ?? {}) as Partial<Started>;
    return { json: { ...outcome, services, left: alone }, text: startedText({ services, left: alone }) };
  });
}

/** @returns Whether it was paused. */
export async function resumeRefresh({ ledger }: Pick<Stage, "ledger">, service: string): Promise<boolean> {
  let wasPaused = false;
  await ledger.updateHead(service, (head) => {
    wasPaused = head.refresh?.paused != null;
    return withRefreshResumed(head);
  });
  return wasPaused;
}

export function startedText({ services, left }: Started): string {
  const lines = [
    ...services.map(({ service, reason, execution }) => `${service}  ${reason}\n    ${execution}`),
    ...left.map(({ service, reason }) => `${service}  left alone: ${reason}`),
  ];
  return lines.length > 0 ? lines.join("\n") : "every service stands on its newest base";
}
