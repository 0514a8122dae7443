import { userInfo } from "node:os";
import type { Command } from "commander";
import type { Freeze } from "../../shared/domain/calendar.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { wrongUsage } from "../failure.ts";
import { requireService } from "./known-service.ts";

interface Options {
  reason: string;
  until?: string;
}

/** `kiln freeze`: from now on nothing is deployed, in the stage or of one service. What is live serves, and rollbacks work. */
export function addFreeze(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("freeze")
    .description("let nothing be deployed for a while; rollbacks go on working")
    .argument("[service]", "left out: the whole stage")
    .requiredOption("--reason <text>", "shown to everybody whose deploy is refused")
    .option("--until <time>", "ISO time it ends by itself; left out: with kiln thaw");
  examples(
    command,
    'kiln freeze --reason "the sale" --until 2026-11-30T08:00:00Z',
    'kiln freeze web --reason "looking into an outage"',
  );
  const left = "It may be frozen; kiln why <service> says so.";
  runs<Options>(command, surroundings, left, async (context, [service], { reason, until }) => {
    const stage = await context.stage();
    if (service !== undefined) await requireService(stage, service);
    const now = Date.now();
    const end = until === undefined ? null : endOf(until, now);
    const freeze: Freeze = { reason, by: userInfo().username, at: new Date(now).toISOString(), until: end };
    await stage.ledger.freezes.write(service, freeze);
    const whole = service ?? `stage ${stage.name}`;
    const text = `${whole} is frozen ${end === null ? "until kiln thaw" : `until ${end}`}: ${reason}`;
    return { json: { service: service ?? null, freeze }, text };
  });
}

/** `kiln thaw`: ends a freeze. */
export function addThaw(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("thaw")
    .description("end a freeze")
    .argument("[service]", "left out: the freeze of the whole stage");
  examples(command, "kiln thaw", "kiln thaw web");
  runs(command, surroundings, "It may be frozen still.", async (context, [service]) => {
    const stage = await context.stage();
    const before = await stage.ledger.freezes.read(service);
    if (before) await stage.ledger.freezes.write(service, null);
    const whole = service ?? `stage ${stage.name}`;
    return { json: { service: service ?? null, wasFrozen: before !== undefined }, text: `${whole} is not frozen` };
  });
}

function endOf(until: string, nowMs: number): string {
  const end = Date.parse(until);
  if (Number.isFinite(end) && end > nowMs) return new Date(end).toISOString();
  throw wrongUsage(`--until ${until} is no time to come.`, "Give an ISO time such as 2026-11-30T08:00:00Z.");
}
