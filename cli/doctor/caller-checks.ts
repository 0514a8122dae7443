import { IAMClient, SimulatePrincipalPolicyCommand } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { clientConfiguration } from "../aws/connection.ts";
import type { Stage } from "../aws/stage.ts";
import { about, type Check, type Finding } from "./finding.ts";

/** Whether whoever calls may push, deploy and roll back. */
export function callerChecks(stage: Stage): Check[] {
  return [{ subject: "caller", look: () => checkCaller(stage) }];
}

async function checkCaller(stage: Stage): Promise<Finding[]> {
  const { ok, fail, notChecked } = about("caller");
  const configuration = clientConfiguration(stage.connection);
  const { Arn = "", Account } = await new STSClient(configuration).send(new GetCallerIdentityCommand({}));
  const principal = principalOf(Arn);
  if (principal === undefined) return [notChecked(`${Arn} is not asked for its permissions: it is no user or role`)];
  const { outputs } = stage;
  const needed: [action: string, resource: string][] = [
    ["s3:PutObject", `arn:aws:s3:::${outputs.ArtifactsBucket}/any/1.0.0.tar.gz`],
    ["s3:GetObject", `arn:aws:s3:::${outputs.LedgerBucket}/services/any/head.json`],
    ["states:StartExecution", outputs.DeployMachine],
    ["states:StartExecution", outputs.RollbackMachine],
    ["states:GetExecutionHistory", outputs.DeployMachine.replace(":stateMachine:", ":execution:").concat(":*")],
  ];
  const iam = new IAMClient(configuration);
  const denied: string[] = [];
  for (const [action, resource] of needed) {
    const { EvaluationResults = [] } = await iam.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: principal,
        ActionNames: [action],
        ResourceArns: [resource.replace(/^arn:aws:/, `${Arn.split(":").slice(0, 2).join(":")}:`)],
      }),
    );
    if (EvaluationResults[0]?.EvalDecision !== "allowed") denied.push(`${action} on ${resource}`);
  }
  if (denied.length === 0) return [ok(`${Arn} of account ${Account} may push, deploy and roll back`)];
  const fix = "Allow them in the caller's policies; the simulator knows no resource policies.";
  return denied.map((one) => fail(`${Arn} may not ${one}`, fix));
}

/** The user or role whose policies count: a session's ARN names its role, without the role's path. */
function principalOf(arn: string): string | undefined {
  const session = /^(arn:[^:]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(arn);
  if (session) return `${session[1]}:iam::${session[2]}:role/${session[3]}`;
  return /:(user|role)\//.test(arn) ? arn : undefined;
}
