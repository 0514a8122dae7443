import { userInfo } from "node:os";
import { Argument, type Command } from "commander";
import type { Head } from "../../shared/domain/head.ts";
import {
  malformedId,
  type Revocable,
  type Revocation,
  revocable,
  revocationText,
  withoutRevocation,
  withRevocation,
} from "../../shared/domain/revocation.ts";
import { answerInput, answerName, answerToRevocation } from "../../shared/domain/revocation-answer.ts";
import { isNamed } from "../../shared/errors.ts";
import { headWithRevocations } from "../../shared/revoking.ts";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { executionName } from "../execution/start.ts";
import { wrongUsage } from "../failure.ts";
import { stopDeploy } from "./abort.ts";

interface Options {
  reason?: string;
  undo?: boolean;
}

/** What a revocation means for one service or experiment, and what was begun. */
export interface RevokedService {
  /** A service, or `web.blue` for an experiment of one. */
  service: string;
  /** Its releases that fall under it, and are launchable or run. */
  revoked: string[];
  /** Whether one of them serves. */
  serving: boolean;
  /** The deploy that was stopped because it would have brought it in. */
  stopped: string | null;
  /**
   * `refresh`: deployed again on newer inputs. `rollback`: back to the newest good release. `push`: a person must. `end`: an
   * experiment is removed.
   */
  action: "refresh" | "rollback" | "push" | "end" | "none";
  execution: string | null;
}

/** Unit: characters. It is part of the refusals and executions that follow from it. */
const longestReason = 200;

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
  const left = "It may be revoked; then the next sweep goes on with what is missing, and so does running it again.";
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
    if (reason.length > longestReason) {
      throw wrongUsage(`The reason has ${reason.length} characters.`, `Say it in ${longestReason}.`);
    }
    const by = userInfo().username;
    const services = await revoke(stage, { ...what, reason, by, at: new Date().toISOString() });
    return { json: { ...what, reason, services }, text: revokedText(what, services) };
  });
}

interface Revoking extends Pick<Stage, "name" | "ledger"> {
  runs: Pick<Stage["runs"], "start" | "stop">;
  executions: Pick<Stage["executions"], "status">;
  outputs: Pick<Stage["outputs"], "RefreshMachine" | "RollbackMachine" | "SweepMachine">;
}

/**
 * Writes the revocation down, first, and then deals with each service and experiment that it concerns. Running it again is
 * harmless; when it is cut off, the next sweep goes on from what was written down.
 * @param now When an experiment that falls under it ends. Unit: milliseconds since 1970.
 */
export async function revoke(
  stage: Revoking,
  wanted: Revocation,
  now: () => number = Date.now,
): Promise<RevokedService[]> {
  const { ledger } = stage;
  await ledger.revocations.update((all) => withRevocation(all, wanted));
  const revocations = await ledger.revocations.read();
  const names = [...(await ledger.services()), ...(await ledger.experiments())];
  const found: RevokedService[] = [];
  for (const name of names) {
    const head = await headWithRevocations(name, revocations, true, { ledger, now });
    const revoked = namedBy(head, wanted);
    if (revoked.length > 0) found.push(await dealWith(stage, head, revoked, wanted));
  }
  if (!found.some(({ action }) => action === "end")) return found;
  const sweep = await stage.runs.start(stage.outputs.SweepMachine, executionName("revoke-sweep", new Date(now())), {});
  return found.map((one) => (one.action === "end" ? { ...one, execution: sweep } : one));
}

/** The releases of a head that fall under a revocation. */
function namedBy({ revoked = [] }: Head, { kind, id }: Revocation): string[] {
  return revoked.filter((one) => one.kind === kind && one.id === id).map(({ generation }) => generation);
}

/** @returns Whether it was revoked. */
export async function undoRevocation(
  stage: Pick<Stage, "ledger">,
  what: Pick<Revocation, "kind" | "id">,
  now: () => number = Date.now,
): Promise<boolean> {
  let wasRevoked = false;
  await stage.ledger.revocations.update((all) => {
    const others = withoutRevocation(all, what);
    wasRevoked = others.length < all.length;
    return others;
  });
  const left = await stage.ledger.revocations.read();
  for (const name of [...(await stage.ledger.services()), ...(await stage.ledger.experiments())]) {
    await headWithRevocations(name, left, true, { ledger: stage.ledger, now });
  }
  return wasRevoked;
}

async function dealWith(
  stage: Revoking,
  head: Head,
  revoked: string[],
  revocation: Revocation,
): Promise<RevokedService> {
  const { service, live, pending, experiment } = head;
  const underWay = pending && revoked.includes(pending.generation);
  const stopped = underWay ? await stopDeploy(stage, service, revocationText(revocation)) : undefined;
  const serving = live !== null && revoked.includes(live.generation);
  const ends = experiment !== undefined && (serving || underWay === true);
  const begun = ends ? { action: "end" as const, execution: null } : await answer(stage, head, serving);
  return { service, revoked, serving, stopped: stopped ?? null, ...begun };
}

/** Starts what the sweep would start; whichever comes first. */
async function answer(
  { runs: started, outputs }: Revoking,
  head: Head,
  serving: boolean,
): Promise<Pick<RevokedService, "action" | "execution">> {
  const answered = serving ? answerToRevocation(head) : undefined;
  if (!answered) return { action: "none", execution: null };
  if (answered.kind === "push") return { action: "push", execution: null };
  const machine = answered.kind === "refresh" ? outputs.RefreshMachine : outputs.RollbackMachine;
  const name = answerName(answered.revoked);
  try {
    const execution = await started.start(machine, name, answerInput(head.service, answered));
    return { action: answered.kind, execution };
  } catch (error) {
    if (!isNamed(error, "ExecutionAlreadyExists")) throw error;
    return { action: answered.kind, execution: executionArn(machine, name) };
  }
}

/** Source: Step Functions' ARNs, "arn:…:states:<region>:<account>:execution:<machine>:<name>". */
function executionArn(machineArn: string, name: string): string {
  return `${machineArn.replace(":stateMachine:", ":execution:")}:${name}`;
}

const says = {
  refresh: "it is deployed again on what is newest; should that be revoked as well, the deploy is refused and says so",
  rollback: "it goes back to the newest release that is not revoked",
  push: "it serves on: there is no good release to go back to. Push another artifact",
  end: "the experiment is removed",
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
