import { RuleConflictError } from "./errors.ts";

/** For whoever finds a listener that Kiln did not leave so. */
export function ruleConflict(difference: string): RuleConflictError {
  return new RuleConflictError(
    `Somebody else changed the listener: ${difference}.`,
    "Put it back, or let Kiln go on from what is there: kiln deploy or rollback with --accept-rule (acceptRule).",
  );
}
