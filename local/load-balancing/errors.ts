import { AwsError } from "../core/aws-error.ts";

/** @throws {AwsError} `<what>NotFound`, always; typed so that it can end an expression. */
export function notFound(what: "LoadBalancer" | "Listener" | "Rule" | "TargetGroup", message: string): never {
  throw new AwsError(`${what}NotFound`, message);
}

/** What Elastic Load Balancing answers for a value outside its range or form. */
export function invalid(message: string): AwsError {
  return new AwsError("ValidationError", message);
}

/** For values that AWS takes and this cloud cannot act on: naming them is better than ignoring them. */
export function unsupported(what: string): AwsError {
  return new AwsError("NotImplemented", `the embedded cloud's load balancers do not have ${what}`, 501);
}
