import { DisableRuleCommand, EnableRuleCommand, ListRulesCommand } from "@aws-sdk/client-eventbridge";
import { ListExecutionsCommand } from "@aws-sdk/client-sfn";
import { isNamed } from "../../shared/errors.ts";
import { CommandFailure } from "../failure.ts";
import { type Account, stackResources } from "./account.ts";

/** Executions of the stage that run now. */
export async function runningExecutions(account: Account): Promise<string[]> {
  const running: string[] = [];
  for (const stateMachineArn of await stackResources(account, "AWS::StepFunctions::StateMachine")) {
    try {
      const page = await account.machines.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: "RUNNING" }));
      running.push(...(page.executions ?? []).flatMap(({ executionArn }) => executionArn ?? []));
    } catch (error) {
      if (!isNamed(error, "StateMachineDoesNotExist")) throw error;
    }
  }
  return running;
}

/**
 * Lets nothing of the stage start by itself any more, provided that nothing runs.
 * @throws {CommandFailure} when something runs; then its triggers are as they were.
 */
export async function quiesce(account: Account): Promise<void> {
  await refuseRunning(account);
  const disabled: string[] = [];
  for (const Name of await enabledRules(account)) {
    await account.events.send(new DisableRuleCommand({ Name }));
    disabled.push(Name);
  }
  // An upload may have come in between.
  await refuseRunning(account).catch(async (refusal: unknown) => {
    for (const Name of disabled) await account.events.send(new EnableRuleCommand({ Name }));
    throw refusal;
  });
}

async function refuseRunning(account: Account): Promise<void> {
  const running = await runningExecutions(account);
  if (running.length === 0) return;
  throw new CommandFailure({
    name: "StillRunning",
    what: `${running.length === 1 ? "An execution runs" : `${running.length} executions run`}: ${running.join(", ")}.`,
    left: "Nothing was removed.",
    fix: "Wait until it has ended, or stop it, then uninstall again.",
  });
}

/** The stack's rules by name; a physical id may be an ARN's last part or the name itself. */
async function enabledRules(account: Account): Promise<string[]> {
  const own = new Set((await stackResources(account, "AWS::Events::Rule")).map((id) => id.split("/").at(-1) ?? id));
  if (own.size === 0) return [];
  const { Rules = [] } = await account.events.send(new ListRulesCommand({ NamePrefix: `kiln-${account.stage}-` }));
  return Rules.flatMap(({ Name, State }) => (Name !== undefined && own.has(Name) && State === "ENABLED" ? [Name] : []));
}
