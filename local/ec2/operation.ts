import { AwsError } from "../core/aws-error.ts";
import type { Call, Operation, Requirement } from "../core/kernel.ts";

interface Definition<I extends object, O> {
  name: string;
  /** The parameters this cloud heeds; any other one that is given is refused by name. */
  accepts: readonly (keyof I & string)[];
  permissions?: (input: I) => Requirement[];
  /** What DryRun finds out beyond `permissions`; throws as the operation would. */
  rehearse?: (input: I, call: Call) => Promise<void>;
  run: (input: I, call: Call) => O | Promise<O>;
}

/** An EC2 operation: refuses parameters that would be ignored, and honours DryRun, which every EC2 operation has. */
export function operation<I extends object, O>(definition: Definition<I, O>): Readonly<Record<string, Operation>> {
  const accepted = ["DryRun", ...definition.accepts];
  const permissions = definition.permissions;
  const made: Operation<I, O> = {
    ...(permissions ? { permissions: (input: I) => permissions(input) } : {}),
    async run(input, call) {
      refuseOthers(definition.name, input, accepted);
      if ("DryRun" in input && input.DryRun === true) {
        await definition.rehearse?.(input, call);
        throw new AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
      }
      return await definition.run(input, call);
    },
  };
  return { [definition.name]: made };
}

/**
 * Refuses members of a request that this cloud would otherwise ignore.
 * @throws {AwsError} NotImplemented, naming the member.
 */
export function refuseOthers(where: string, given: object | undefined, accepted: readonly string[]): void {
  for (const [member, value] of Object.entries(given ?? {})) {
    if (value === undefined || accepted.includes(member) || (Array.isArray(value) && value.length === 0)) continue;
    throw new AwsError("NotImplemented", `the embedded cloud does not have the parameter ${member} of ${where}`, 501);
  }
}
