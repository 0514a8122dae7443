import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SFNClient } from "@aws-sdk/client-sfn";
import { SSMClient } from "@aws-sdk/client-ssm";
import { Documents } from "../../shared/aws/documents.ts";
import { Executions } from "../../shared/aws/executions.ts";
import { Fleets } from "../../shared/aws/fleets.ts";
import { Ledger } from "../../shared/aws/ledger.ts";
import { Parameters } from "../../shared/aws/parameters.ts";
import { Recipes } from "../../shared/aws/recipes.ts";
import { TargetGroups } from "../../shared/aws/target-groups.ts";
import { Traffic } from "../../shared/aws/traffic.ts";
import { stagePattern } from "../../shared/domain/names.ts";
import { wrongUsage } from "../failure.ts";
import { type Connection, clientConfiguration } from "./connection.ts";
import { Functions } from "./functions.ts";
import { Runs } from "./runs.ts";
import { readStackOutputs, type StackOutputs } from "./stack-outputs.ts";

/** One deployed stack with the nouns that commands work with. */
export interface Stage {
  name: string;
  connection: Connection;
  outputs: StackOutputs;
  s3: S3Client;
  ledger: Ledger;
  parameters: Parameters;
  recipes: Recipes;
  fleets: Fleets;
  targetGroups: TargetGroups;
  traffic: Traffic;
  runs: Runs;
  executions: Executions;
  functions: Functions;
  /** Unit: milliseconds of real time between two looks at something that is under way. */
  pollMs: number;
}

/** An embedded cloud is on this machine and may run many times as fast as AWS; AWS has quotas on reads. */
const pollMs = { embedded: 200, aws: 2_000 } as const;

/** @throws {CommandFailure} when the stage is not deployed there. */
export async function openStage(connection: Connection, name: string): Promise<Stage> {
  if (!stagePattern.test(name)) {
    throw wrongUsage(`"${name}" is no stage name.`, "Use 1–12 lower-case letters, digits and dashes, a letter first.");
  }
  const outputs = await readStackOutputs(connection, name);
  const configuration = clientConfiguration(connection);
  // A bucket's name before the host name would need a name server that knows it.
  const s3 = new S3Client({ ...configuration, forcePathStyle: connection.endpoint !== undefined });
  const documents = new Documents(s3, outputs.LedgerBucket);
  const parameters = new Parameters(new SSMClient(configuration));
  const stepFunctions = new SFNClient(configuration);
  const loadBalancing = new ElasticLoadBalancingV2Client(configuration);
  return {
    name,
    connection,
    outputs,
    s3,
    ledger: new Ledger(documents),
    parameters,
    recipes: new Recipes(documents, parameters, name),
    fleets: new Fleets(new AutoScalingClient(configuration)),
    targetGroups: new TargetGroups(loadBalancing),
    traffic: new Traffic(loadBalancing, name),
    runs: new Runs(stepFunctions),
    executions: new Executions(stepFunctions),
    functions: new Functions(new LambdaClient(configuration)),
    pollMs: pollMs[connection.kind],
  };
}
