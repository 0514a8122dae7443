import { checkResource } from "../integrations/resource.ts";
import { isObject } from "../language/json.ts";
import type { Findings } from "./diagnostics.ts";

/** What the optimised integrations ask for. Measured in badmintoncryer/cdk-preflight, pf-sfn-asl-integration-parameters. */
const requiredArguments: Readonly<Record<string, readonly string[]>> = {
  "lambda:invoke": ["FunctionName"],
  "sqs:sendMessage": ["QueueUrl", "MessageBody"],
  "sns:publish": ["Message"],
  "states:startExecution": ["StateMachineArn"],
  "events:putEvents": ["Entries"],
};

/**
 * Checks what a Task calls, with what, and as whom.
 * @param field Where the state's query language has what the call is made with.
 */
export function checkTask(
  state: Record<string, unknown>,
  field: "Arguments" | "Parameters",
  location: string,
  findings: Findings,
): void {
  const { Resource: resource, Credentials: credentials } = state;
  if (isObject(credentials)) checkMembers(credentials, ["RoleArn"], `${location}/Credentials`, findings);
  if (typeof resource !== "string") return;
  checkResource(resource, `${location}/Resource`, findings);
  const [, integration] = /^arn:aws[a-z-]*:states:::([^:]+:.+)$/.exec(resource) ?? [];
  if (integration === undefined) return;
  if (!(field in state)) {
    findings.schema(location, `${field} field is required for resource ARN: ${resource}`);
    return;
  }
  const required = requiredArguments[integration.replace(/\.(sync(:2)?|waitForTaskToken)$/, "")] ?? [];
  const given = state[field];
  if (isObject(given)) checkMembers(given, required, `${location}/${field}`, findings);
}

function checkMembers(holder: object, required: readonly string[], location: string, findings: Findings): void {
  for (const member of required) {
    if (!(member in holder || `${member}.$` in holder))
      findings.schema(location, `The field '${member}' is required but was missing`);
  }
}
