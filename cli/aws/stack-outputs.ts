import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { isNamed } from "../../shared/errors.ts";
import { CommandFailure, nothingDone } from "../failure.ts";
import { type Connection, clientConfiguration } from "./connection.ts";

/** What the stack says about itself; see infrastructure/outputs.yml. */
export interface StackOutputs {
  ArtifactsBucket: string;
  LedgerBucket: string;
  DeployMachine: string;
  RollbackMachine: string;
  RefreshMachine: string;
  SweepMachine: string;
  BaseFunction: string;
  ReapFunction: string;
}

const outputNames = [
  "ArtifactsBucket",
  "LedgerBucket",
  "DeployMachine",
  "RollbackMachine",
  "RefreshMachine",
  "SweepMachine",
  "BaseFunction",
  "ReapFunction",
] as const satisfies readonly (keyof StackOutputs)[];

export function stackName(stage: string): string {
  return `kiln-${stage}`;
}

/** @throws {CommandFailure} when the stage was never deployed, or by a version of Kiln that lacks an output. */
export async function readStackOutputs(connection: Connection, stage: string): Promise<StackOutputs> {
  const StackName = stackName(stage);
  const found = await describe(connection, StackName);
  if (!found) {
    throw new CommandFailure({
      name: "NoStack",
      what: `There is no stack ${StackName} ${connection.endpoint ? `at ${connection.endpoint}` : "in this account and region"}.`,
      left: nothingDone,
      fix: connection.kind === "aws" ? "Deploy it, or name another with --stage." : "npm run kiln -- up makes it.",
    });
  }
  const values = new Map((found.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const missing = outputNames.filter((name) => !values.get(name));
  if (missing.length > 0) {
    throw new CommandFailure({
      name: "StackIncomplete",
      what: `Stack ${StackName} (${found.StackStatus}) has no output ${missing.join(", ")}.`,
      left: nothingDone,
      fix: "Wait until it is deployed, or deploy it again.",
    });
  }
  return Object.fromEntries(outputNames.map((name) => [name, values.get(name)])) as unknown as StackOutputs;
}

async function describe(connection: Connection, StackName: string) {
  const client = new CloudFormationClient(clientConfiguration(connection));
  try {
    return (await client.send(new DescribeStacksCommand({ StackName }))).Stacks?.[0];
  } catch (error) {
    // CloudFormation has no name of its own for a stack that does not exist.
    if (isNamed(error, "ValidationError")) return undefined;
    throw error;
  } finally {
    client.destroy();
  }
}
