/** `inconclusive`: silence, errors and missing data; never as good as `pass`. */
export type Verdict = "pass" | "fail" | "inconclusive";

/** What one check says, with its evidence for the release's history. */
export interface CheckReport {
  check: string;
  verdict: Verdict;
  reason: string;
  evidence?: unknown;
}

/** All checks together: one that fails decides, then one that says nothing. None at all is a pass. */
export function together(reports: readonly CheckReport[]): { verdict: Verdict; reason: string } {
  const verdict = (["fail", "inconclusive"] as const).find((one) => reports.some((report) => report.verdict === one));
  const telling = reports.filter((report) => verdict === undefined || report.verdict === verdict);
  return {
    verdict: verdict ?? "pass",
    reason: telling.map(({ check, reason }) => `${check}: ${reason}`).join("; ") || "nothing was to be checked",
  };
}
