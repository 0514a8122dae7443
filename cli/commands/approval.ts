import { userInfo } from "node:os";
import type { Command } from "commander";
import type { Approval } from "../../shared/aws/approval-records.ts";
import { isNamed } from "../../shared/errors.ts";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { CommandFailure, nothingDone } from "../failure.ts";
import { requireService } from "./known-service.ts";

interface Options {
  reason?: string;
}

/** What it takes of a stage to answer a question. */
type Asking = Pick<Stage, "name" | "ledger" | "runs">;

/** `kiln approve`: lets a release that passed its checks get traffic. */
export function addApprove(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("approve")
    .description("let a release that waits for approval get traffic")
    .argument("<service>")
    .option("--reason <text>", "written into the release's history");
  examples(command, "kiln approve web", 'kiln approve web --reason "looked at the trial page"');
  runs<Options>(command, surroundings, nothingDone, async (context, [service = ""], { reason = "" }) => {
    const generation = await approve(await context.stage(), service, reason);
    return {
      json: { service, generation, approved: true },
      text: `${generation} is approved; see kiln status ${service}`,
    };
  });
}

/** @returns The generation that was approved. @throws {CommandFailure} when none waits. */
export async function approve(stage: Asking, service: string, reason: string): Promise<string> {
  const asked = await waiting(stage, service);
  const answer = { by: userInfo().username, at: new Date().toISOString(), reason };
  await answered(asked, () => stage.runs.approve(asked.taskToken, answer));
  return asked.generation;
}

/** `kiln reject`: takes a release that waits for approval away again. */
export function addReject(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("reject")
    .description("take a release that waits for approval away again")
    .argument("<service>")
    .requiredOption("--reason <text>", "shown to everybody who looks why");
  examples(command, 'kiln reject web --reason "the till is in French"');
  runs<Options>(command, surroundings, nothingDone, async (context, [service = ""], { reason = "" }) => {
    const generation = await reject(await context.stage(), service, reason);
    return {
      json: { service, generation, approved: false },
      text: `${generation} is rejected and goes; what is live serves on`,
    };
  });
}

/** @returns The generation that was rejected. @throws {CommandFailure} when none waits. */
export async function reject(stage: Asking, service: string, reason: string): Promise<string> {
  const asked = await waiting(stage, service);
  const cause = `${userInfo().username} rejected ${asked.generation}: ${reason}`;
  await answered(asked, () => stage.runs.reject(asked.taskToken, "ApprovalRejected", cause));
  return asked.generation;
}

/** The question that a release of this service waits with. @throws {CommandFailure} when none does. */
async function waiting(stage: Asking, service: string): Promise<Approval> {
  await requireService(stage, service);
  const { pending } = await stage.ledger.head(service);
  const asked = pending && (await stage.ledger.approvals.read(service, pending.generation));
  if (asked && asked.execution === pending?.execution) return asked;
  throw notWaiting(service);
}

/** @throws {CommandFailure} when nobody waits for this answer any more. */
async function answered({ generation }: Approval, answer: () => Promise<void>): Promise<void> {
  try {
    await answer();
  } catch (error) {
    // TaskTimedOut: answered already, past its deadline, or its execution has ended (API_SendTaskSuccess).
    if (isNamed(error, "TaskTimedOut", "TaskDoesNotExist", "InvalidToken")) throw notWaiting(generation);
    throw error;
  }
}

function notWaiting(what: string): CommandFailure {
  return new CommandFailure({
    name: "NothingToApprove",
    what: `Nothing of ${what} waits for approval.`,
    left: nothingDone,
    fix: "See what is under way: kiln status.",
  });
}
