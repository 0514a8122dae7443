import * as z from "zod/mini";
import { admitDeploy } from "../shared/admission/deploy.ts";
import { admitRecovery } from "../shared/admission/recover.ts";
import { admitRollback } from "../shared/admission/rollback.ts";
import type { Admission, AdmissionWorld } from "../shared/admission/world.ts";
import { Alarms } from "../shared/aws/alarms.ts";
import { Artifacts } from "../shared/aws/artifacts.ts";
import * as clients from "../shared/aws/clients.ts";
import { Documents } from "../shared/aws/documents.ts";
import { Executions } from "../shared/aws/executions.ts";
import { Fleets } from "../shared/aws/fleets.ts";
import { Images } from "../shared/aws/images.ts";
import { Ledger } from "../shared/aws/ledger.ts";
import { Networks } from "../shared/aws/networks.ts";
import { Parameters } from "../shared/aws/parameters.ts";
import { Recipes } from "../shared/aws/recipes.ts";
import { TargetGroups } from "../shared/aws/target-groups.ts";
import { Traffic } from "../shared/aws/traffic.ts";
import { lambdaHandler, type Step } from "../shared/step.ts";

const input = z.object({
  mode: z.enum(["deploy", "rollback", "recover"]),
  execution: z.string(),
  /** When the execution started, by Step Functions' clock. */
  startedAt: z.string(),
  /** The execution's own input, or what the sweep asks for. */
  request: z.unknown(),
});

type Input = z.infer<typeof input>;

/**
 * Decides who may change a service now, and with which release.
 *
 * Before: an execution has started. After `ready`: it holds the service's lease and its release is frozen.
 * Repeatable: everything it writes is create-only or compare-and-set under the execution's ARN.
 */
export async function admit(request: Input, world: AdmissionWorld): Promise<Admission> {
  switch (request.mode) {
    case "deploy":
      return admitDeploy(request, world);
    case "rollback":
      return admitRollback(request, world);
    case "recover":
      return admitRecovery(request, world);
  }
}

export const step: Step<Input, AdmissionWorld, Admission> = {
  name: "admit",
  input,
  run: admit,
  world: (common, connect) => {
    const s3 = clients.s3(connect);
    const documents = new Documents(s3, common.config.ledgerBucket);
    const parameters = new Parameters(clients.ssm(connect));
    const ec2 = clients.ec2(connect);
    const elb = clients.loadBalancing(connect);
    return {
      ...common,
      ledger: new Ledger(documents, common.releases),
      artifacts: new Artifacts(s3, common.config.artifactsBucket),
      images: new Images(ec2),
      alarms: new Alarms(clients.cloudWatch(connect)),
      executions: new Executions(clients.stepFunctions(connect)),
      parameters,
      recipes: new Recipes(documents, parameters, common.config.stage),
      networks: new Networks(elb, ec2),
      traffic: new Traffic(elb, common.config.stage),
      fleets: new Fleets(clients.autoScaling(connect)),
      targetGroups: new TargetGroups(elb),
    };
  },
};

export const handler = lambdaHandler(step);
