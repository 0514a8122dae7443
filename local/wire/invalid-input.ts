import { AwsError } from "../core/aws-error.ts";
import type { Problem } from "./conform.ts";

/** How a service names an input that breaks its model. Sources: the "Common errors" page of each API reference. */
const codes: Readonly<Record<string, { missing: string; invalid: string }>> = {
  ec2: { missing: "MissingParameter", invalid: "InvalidParameterValue" },
  s3: { missing: "InvalidRequest", invalid: "InvalidArgument" },
  sqs: { missing: "MissingParameter", invalid: "InvalidParameterValue" },
  sns: { missing: "InvalidParameter", invalid: "InvalidParameter" },
  monitoring: { missing: "MissingParameter", invalid: "InvalidParameterValue" },
  logs: { missing: "InvalidParameterException", invalid: "InvalidParameterException" },
  autoscaling: { missing: "ValidationError", invalid: "ValidationError" },
  cloudformation: { missing: "ValidationError", invalid: "ValidationError" },
  elasticloadbalancing: { missing: "ValidationError", invalid: "ValidationError" },
  iam: { missing: "ValidationError", invalid: "ValidationError" },
  sts: { missing: "ValidationError", invalid: "ValidationError" },
};

const usual = { missing: "ValidationException", invalid: "ValidationException" };

/** The error for a parameter that this cloud would ignore: it is refused by name. */
export function notHeeded(operation: string, path: string): AwsError {
  const message = `the embedded cloud does not have the parameter ${path} of ${operation}`;
  return new AwsError("NotImplemented", message, 501);
}

/** The error a service answers with when an input has these problems; there is at least one. */
export function invalidInput(serviceId: string, problems: readonly Problem[]): AwsError {
  const { missing, invalid } = codes[serviceId] ?? usual;
  const [first] = problems;
  const code = first?.kind === "missing" ? missing : invalid;
  const members = serviceId === "ebs" ? { Reason: "INVALID_PARAMETER_VALUE" } : {};
  return new AwsError(code, message(serviceId, problems), 400, members);
}

function message(serviceId: string, problems: readonly Problem[]): string {
  const [first] = problems;
  if (first?.kind === "missing" && ["ec2", "sqs"].includes(serviceId)) {
    return `The request must contain the parameter ${first.path}`;
  }
  if (first?.kind === "missing" && serviceId === "monitoring") return `The parameter ${first.path} is required.`;
  const sentences = problems.map(
    ({ path, kind, value, rule }) =>
      `Value ${kind === "missing" ? "null" : `'${String(value)}'`} at '${memberPath(path)}' failed to satisfy constraint: ${rule}`,
  );
  return `${problems.length} validation error${problems.length === 1 ? "" : "s"} detected: ${sentences.join("; ")}`;
}

/** AWS writes paths with a small first letter and `member` before an index: `targets.1.member.id`. */
function memberPath(path: string): string {
  return path
    .split(".")
    .map((part) => (/^\d+$/.test(part) ? `${part}.member` : part.slice(0, 1).toLowerCase() + part.slice(1)))
    .join(".");
}
