import type { Traffic } from "./aws/traffic.ts";
import type { Head } from "./domain/head.ts";
import { unexplained } from "./domain/rule-record.ts";
import { RuleConflictError } from "./errors.ts";

/** What the listener says about a service that Kiln did not tell it; undefined when there is nothing. */
export async function findUnexplained(head: Head, listenerArn: string, traffic: Traffic): Promise<string | undefined> {
  const { own, others } = await traffic.standing(listenerArn, head.service);
  return unexplained(head.service, head.rule, own, others);
}

/** For whoever finds a listener that Kiln did not leave so. */
export function ruleConflict(difference: string): RuleConflictError {
  return new RuleConflictError(
    `Somebody else changed the listener: ${difference}.`,
    "Put it back, or let Kiln go on from what is there: kiln deploy or rollback with --accept-rule (acceptRule).",
  );
}
