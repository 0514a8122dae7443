import type { Command } from "commander";
import { stagePattern } from "../../shared/domain/names.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { nothingDone, wrongUsage } from "../failure.ts";
import { installPolicy } from "../install/install-policy.ts";

interface Options {
  account: string;
  region: string;
  partition: string;
}

/** `kiln install-policy`: the IAM policy of whoever installs, updates and removes a stage, for an administrator to attach. */
export function addInstallPolicy(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("install-policy")
    .description("print the IAM policy that it takes to install, update and remove a stage's stack")
    .requiredOption("--account <id>", "the account's twelve digits")
    .requiredOption("--region <region>", "the region, such as eu-west-1")
    .option("--partition <partition>", "aws, aws-cn or aws-us-gov", "aws");
  examples(command, "kiln --stage prod install-policy --account 123456789012 --region eu-west-1");
  runs<Options>(command, surroundings, nothingDone, async ({ stageName }, _args, { account, region, partition }) => {
    if (!stagePattern.test(stageName)) throw wrongUsage(`"${stageName}" is no stage name.`, "Name one with --stage.");
    if (!/^\d{12}$/.test(account)) throw wrongUsage(`"${account}" is no account id.`, "Give its twelve digits.");
    const policy = installPolicy({ stage: stageName, partition, region, accountId: account });
    return { json: policy, text: JSON.stringify(policy, null, 2) };
  });
}
