import { userInfo } from "node:os";
import { Argument, type Command } from "commander";
import { type Head, isGenerationZero, rollbackTarget } from "../../shared/domain/head.ts";
import { holdersIn } from "../../shared/domain/image-uses.ts";
import {
  malformedId,
  type Revocable,
  type Revocation,
  revocable,
  revocationOf,
  revocationText,
  withoutRevocation,
  withRevocation,
  withRevoked,
} from "../../shared/domain/revocation.ts";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { executionName } from "../execution/start.ts";
import { wrongUsage } from "../failure.ts";
import { abort } from "./abort.ts";

interface Options {
  reason?: string;
  undo?: boolean;
}

/** What a revocation means for one service, and what was begun. */
export interface RevokedService {
  service: string;
  /** Its releases that fall under it, and are launchable or run. */
  revoked: string[];
  /** Whether one of them serves. */
  serving: boolean;
  /** The deploy that was stopped because it would have brought it in. */
  stopped: string | null;
  /** `refresh`: deployed again on newer inputs. `rollback`: back to the newest good release. `push`: a person must. */
  action: "refresh" | "rollback" | "push" | "none";
  execution: string | null;
}

/** `kiln revoke`: something must not run any more; what runs on it is replaced, and nobody can go back to it. */
export function addRevoke(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("revoke")
    .description("let nothing run on a base, layer, artifact or release any more, and replace what does")
    .addArgument(new Argument("<kind>").choices(revocable))
    .argument("<id>", "AMI id, SHA-256 (12 digits are enough), or generation; kiln releases show tells them")
    .option("--reason <text>", "shown to everybody who is refused")
    .option("--undo", "take the revocation back");
  examples(
    command,
    'kiln revoke base ami-0123456789abcdef0 --reason "CVE-2026-1234"',
    'kiln revoke layer 3f786850e387 --reason "broken TLS"',
    "kiln revoke base ami-0123456789abcdef0 --undo",
  );
  const left = "It may be revoked; run it again, which goes on with what is missing.";
  runs<Options>(command, surroundings, left, async (context, [kind = "", id = ""], { reason, undo = false }) => {
    const what = { kind: kind as Revocable, id };
    const form = malformedId(what.kind, id);
    if (form !== undefined) throw wrongUsage(`"${id}" is no id of a ${kind}.`, `Give ${form}.`);
    const stage = await context.stage();
    if (undo) {
      const wasRevoked = await undoRevocation(stage, what);
      return {
        json: { ...what, wasRevoked },
        text: `${kind} ${id} ${wasRevoked ? "may run again" : "was not revoked"}`,
      };
    }
    if (reason === undefined) throw wrongUsage("A revocation has a reason.", 'Give --reason "<why>".');
    const by = userInfo().username;
    const services = await revoke(stage, { ...what, reason, by, at: new Date().toISOString() });
    return { json: { ...what, reason, services }, text: revokedText(what, services) };
  });
}

interface Revoking extends Pick<Stage, "name" | "ledger"> {
  runs: Pick<Stage["runs"], "start" | "stop">;
  executions: Pick<Stage["executions"], "status">;
  outputs: Pick<Stage["outputs"], "RefreshMachine" | "RollbackMachine">;
}

/** Writes the revocation down, first, and then deals with each service that it concerns. Running it again is harmless. */
export async function revoke(stage: Revoking, revocation: Revocation): Promise<RevokedService[]> {
  await stage.ledger.revocations.update((all) => withRevocation(all, revocation));
  const services: RevokedService[] = [];
  for (const service of await stage.ledger.services()) {
    const revoked = await descendants(stage, service, revocation);
    if (revoked.length > 0) services.push(await dealWith(stage, service, revoked, revocation));
  }
  return services;
}

/** @returns Whether it was revoked. */
export async function undoRevocation(
  stage: Pick<Stage, "ledger">,
  what: Pick<Revocation, "kind" | "id">,
): Promise<boolean> {
  let wasRevoked = false;
  await stage.ledger.revocations.update((all) => {
    const others = withoutRevocation(all, what);
    wasRevoked = others.length < all.length;
    return others;
  });
  const nothing = { ...what, reason: "", by: "", at: "" };
  for (const service of await stage.ledger.services()) {
    await stage.ledger.updateHead(service, (head) => withRevoked(head, nothing, []));
  }
  return wasRevoked;
}

/** The releases of a service that run, or could be launched, and fall under the revocation. */
async function descendants({ ledger }: Revoking, service: string, revocation: Revocation): Promise<string[]> {
  const held = [...new Set(holdersIn(await ledger.head(service)).map(({ generation }) => generation))];
  const releases = await Promise.all(held.map((generation) => ledger.release(service, generation)));
  return releases.flatMap((release) => (release && revocationOf(release, [revocation]) ? [release.generation] : []));
}

async function dealWith(
  stage: Revoking,
  service: string,
  revoked: string[],
  revocation: Revocation,
): Promise<RevokedService> {
  const head = await stage.ledger.updateHead(service, (present) => withRevoked(present, revocation, revoked));
  const underWay = head.pending && revoked.includes(head.pending.generation);
  const stopped = underWay ? await abort(stage, service, revocationText(revocation)) : undefined;
  const serving = head.live !== null && revoked.includes(head.live.generation);
  const begun = serving ? await replace(stage, head, revocation) : { action: "none" as const, execution: null };
  return { service, revoked, serving, stopped: stopped ?? null, ...begun };
}

/** Another base or layer can be had by deploying again; of an artifact there is only an earlier one. */
async function replace(
  stage: Revoking,
  head: Head,
  revocation: Revocation,
): Promise<Pick<RevokedService, "action" | "execution">> {
  const { service } = head;
  if (revocation.kind === "base" || revocation.kind === "layer") {
    const input = { service, now: true, reason: revocationText(revocation) };
    const execution = await stage.runs.start(stage.outputs.RefreshMachine, executionName(`revoke-${service}`), input);
    return { action: "refresh", execution };
  }
  const to = rollbackTarget(head, head.live?.generation);
  if (to === undefined || isGenerationZero(service, to)) return { action: "push", execution: null };
  const execution = await stage.runs.start(stage.outputs.RollbackMachine, executionName(service), { service, to });
  return { action: "rollback", execution };
}

const says = {
  refresh: "it is deployed again on what is newest; should that be revoked as well, the deploy is refused and says so",
  rollback: "it goes back to the newest release that is not revoked",
  push: "it serves on: there is no good release to go back to. Push another artifact",
  none: "it does not serve; nobody can go back to it",
} as const;

export function revokedText(
  { kind, id }: Pick<Revocation, "kind" | "id">,
  services: readonly RevokedService[],
): string {
  const lines = services.flatMap(({ service, revoked, action, execution, stopped }) => [
    `${service}  ${revoked.join(", ")}: ${says[action]}`,
    ...(stopped === null ? [] : [`    the deploy of ${stopped} is stopped`]),
    ...(execution === null ? [] : [`    ${execution}`]),
  ]);
  return [`${kind} ${id} is revoked`, ...(lines.length > 0 ? lines : ["no release that could run stands on it"])].join(
    "\n",
  );
}
