import { isNamed, KilnError } from "../../shared/errors.ts";

export type CheckVerdict = "ok" | "warn" | "fail" | "not checked";

/** What one look found. */
export interface Finding {
  /** What was looked at, such as `listener`. */
  subject: string;
  verdict: CheckVerdict;
  says: string;
  /** How to mend it; null when there is nothing to mend. */
  fix: string | null;
}

/** One look at the account. */
export interface Check {
  subject: string;
  look: () => Promise<Finding[]>;
}

/** The findings about one subject. */
export function about(subject: string) {
  return {
    ok: (says: string): Finding => ({ subject, verdict: "ok", says, fix: null }),
    warn: (says: string, fix: string): Finding => ({ subject, verdict: "warn", says, fix }),
    fail: (says: string, fix: string): Finding => ({ subject, verdict: "fail", says, fix }),
    notChecked: (says: string, fix: string | null = null): Finding => ({ subject, verdict: "not checked", says, fix }),
  };
}

/** Makes every check, one after the other, so that AWS's quotas on reads are left alone; an error is a finding too. */
export async function findings(checks: readonly Check[], made: (finding: Finding) => void): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const { subject, look } of checks) {
    const some = await look().catch((error: unknown) => [findingOf(subject, error)]);
    for (const finding of some) made(finding);
    found.push(...some);
  }
  return found;
}

const refusals = [
  "AccessDenied",
  "AccessDeniedException",
  "AccessDeniedFault",
  "UnauthorizedOperation",
  "AuthorizationError",
  "AuthorizationErrorException",
];

function findingOf(subject: string, error: unknown): Finding {
  const { fail, notChecked } = about(subject);
  if (error instanceof KilnError) return fail(error.message.replace(error.fix, "").trim(), error.fix);
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (isNamed(error, ...refusals)) return notChecked(said, "Use credentials that may read this.");
  // The embedded cloud answers so to an operation that it does not have.
  if (isNamed(error, "NotImplemented", "UnsupportedOperation", "InvalidAction")) return notChecked(said);
  return fail(said, "See what it says, mend it, and run kiln doctor again.");
}
