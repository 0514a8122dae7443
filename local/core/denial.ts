import { AwsError } from "./aws-error.ts";
import type { Caller, Requirement } from "./kernel.ts";

/**
 * How a service words a missing permission. Sources: each API's "Common errors" page; for awsJson services that is
 * AccessDeniedException with status 400, for REST services 403, for query services AccessDenied, for SNS
 * AuthorizationError, and for EC2 UnauthorizedOperation.
 */
const words: Readonly<Record<string, readonly [code: string, status: number]>> = {
  ec2: ["UnauthorizedOperation", 403],
  sns: ["AuthorizationError", 403],
  lambda: ["AccessDeniedException", 403],
  scheduler: ["AccessDeniedException", 403],
  ebs: ["AccessDeniedException", 403],
  states: ["AccessDeniedException", 400],
  events: ["AccessDeniedException", 400],
  logs: ["AccessDeniedException", 400],
  ssm: ["AccessDeniedException", 400],
  kms: ["AccessDeniedException", 400],
  servicequotas: ["AccessDeniedException", 400],
};

/** The refusal of one requirement, naming principal, action and resource as AWS does. */
export function denial(serviceId: string, caller: Caller, requirement: Requirement, reason: string): AwsError {
  const [code, status] = words[serviceId] ?? ["AccessDenied", 403];
  const { action, resource } = requirement;
  const sentence = `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource} ${reason}`;
  const message = serviceId === "ec2" ? `You are not authorized to perform this operation. ${sentence}` : sentence;
  return new AwsError(code, message, status);
}
