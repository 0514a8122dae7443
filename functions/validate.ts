import * as z from "zod/mini";
import { Alarms } from "../shared/aws/alarms.ts";
import { CheckFunctions } from "../shared/aws/check-functions.ts";
import * as clients from "../shared/aws/clients.ts";
import { Commands } from "../shared/aws/commands.ts";
import { Documents } from "../shared/aws/documents.ts";
import { Fleets } from "../shared/aws/fleets.ts";
import { GroupMetrics } from "../shared/aws/group-metrics.ts";
import { Instances } from "../shared/aws/instances.ts";
import { Ledger } from "../shared/aws/ledger.ts";
import { OnceRecords } from "../shared/aws/once-records.ts";
import { ProbeFunction } from "../shared/aws/probe-function.ts";
import { TargetGroups } from "../shared/aws/target-groups.ts";
import { lambdaHandler, type Step } from "../shared/step.ts";
import { type StepOutput, stepInput } from "../shared/step-input.ts";
import { askForApproval } from "../shared/validation/approval.ts";
import { judgeCandidate } from "../shared/validation/candidate.ts";
import { judgeDrill, watchDrill } from "../shared/validation/drill.ts";
import { judgeServingRelease } from "../shared/validation/serving.ts";
import type { ValidationWorld } from "../shared/validation/world.ts";

const input = z.extend(stepInput, {
  phase: z.enum(["candidate", "approval", "serving", "drill", "drilled"]),
  /** Of the approval: Step Functions waits until somebody sends this back. */
  taskToken: z.optional(z.string()),
  /** Of a deploy: the release's `once` command may run. */
  runsOnce: z._default(z.boolean(), false),
});
type Input = z.infer<typeof input>;

/** Unit: milliseconds. The probe function itself ends after 90 s, and no check of the user's may take longer. */
const answerTimeoutMs = 95_000;

/**
 * Gives the verdict on a fleet: before production goes to it (`candidate`), and while it has its share (`serving`). In
 * between it asks a person, when the spec wants that (`approval`). Of a drill it watches the standby while that has its
 * share (`drill`), and counts its answers afterwards (`drilled`).
 *
 * Before: the fleet was launched. After `ready`: every check passed, with its evidence in the history.
 * Repeatable: it changes nothing but its own record; its counts travel in the memo. Commands on instances that only look
 * may run again; the one that runs once never does.
 */
export async function validate(request: Input, world: ValidationWorld): Promise<StepOutput> {
  const release = await world.ledger.frozen(request.release);
  switch (request.phase) {
    case "candidate":
      return judgeCandidate(request, release, world);
    case "approval":
      return askForApproval({ ...request, taskToken: request.taskToken ?? "" }, release, world);
    case "serving":
      return judgeServingRelease(request, release, world);
    case "drill":
      return watchDrill(request, release, world);
    case "drilled":
      return judgeDrill(request, release, world);
  }
}

export const step: Step<Input, ValidationWorld, StepOutput> = {
  name: "validate",
  input,
  run: validate,
  world: (common, connect) => {
    const lambda = clients.lambda(connect, answerTimeoutMs);
    const documents = new Documents(clients.s3(connect), common.config.ledgerBucket);
    const cloudWatch = clients.cloudWatch(connect);
    return {
      ...common,
      ledger: new Ledger(documents, common.releases),
      targetGroups: new TargetGroups(clients.loadBalancing(connect)),
      fleets: new Fleets(clients.autoScaling(connect)),
      instances: new Instances(clients.ec2(connect)),
      probes: new ProbeFunction(lambda, common.config.probeFunction),
      functions: new CheckFunctions(lambda),
      commands: new Commands(clients.ssm(connect), clients.ssmOnce(connect)),
      once: new OnceRecords(documents),
      alarms: new Alarms(cloudWatch),
      groupMetrics: new GroupMetrics(cloudWatch),
    };
  },
};

export const handler = lambdaHandler(step);
