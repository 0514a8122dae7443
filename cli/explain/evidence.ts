import type { HistoryEvent } from "../../shared/aws/ledger.ts";
import { type CheckReport, together } from "../../shared/domain/verdict.ts";

/** One line of a release's history, for a person. */
export interface Evidence {
  at: string;
  event: string;
  says: string;
}

interface Counts {
  healthy?: number;
  total?: number;
  reasons?: string[];
}

/** Unit: characters. Longer evidence is read in the ledger itself. */
const longestText = 300;

const sentences: Record<string, (line: HistoryEvent) => string> = {
  baked: ({ imageId, written }) => `${imageId}${written ? "" : ", made before: nothing in it has changed"}`,
  launched: ({ instances, instanceType }) => `${instances} of ${instanceType}`,
  validated: (line) => [line["health"], reportsText(line["reports"])].filter(Boolean).join("; "),
  "validation-failed": (line) => String(line["reason"] ?? ""),
  "cut-over": ({ toHealth, fromHealth, needed, percent = 100 }) => {
    const share = percent === 100 ? "all requests go" : `${percent} % of the requests go`;
    const from = fromHealth ? `, it took over from ${countsText(fromHealth)}` : "";
    return `${share} to it: ${countsText(toHealth)}, ${needed} needed${from}`;
  },
  "approval-asked": ({ until, cost, pricesOf }) => {
    const price = cost === undefined ? "" : `; the deploy costs at least ${cost} (list prices of ${pricesOf})`;
    return `it waits for kiln approve or kiln reject until ${until}${price}`;
  },
  "once-ran": ({ outcome, says }) =>
    outcome === "unknown" ? `nobody can tell how its once command ended: ${says}` : `its once command: ${says}`,
  approved: ({ approved }) => approvedText(approved),
  undecided: ({ reason }) => `nobody knows yet how it compares with live: ${reason}`,
  judged: (line) => judgedText(line),
  finished: () => "all requests go to it: its deploy had died with a share of them",
  "observation-failed": ({ reason, health }) => `it did not hold: ${reason ?? countsText(health)}`,
  "drill-began": ({ percent, live, by }) =>
    `a drill gave it ${percent} % of the requests of ${live}${by ? `, asked for by ${by}` : ""}`,
  drilled: drillSays,
  "drill-failed": drillSays,
  withdrawn: () => "Kiln's rule was taken away: what answered before Kiln answers again",
  restored: ({ live }) => (live ? `requests went back to ${live}` : "its rule was removed: nothing had served before"),
  live: ({ standby }) => (standby ? `it is live, ${standby} stands by` : "it is live, nothing stands by"),
  touched: ({ instanceId, reasons }) =>
    `${instanceId} is replaced: ${Array.isArray(reasons) ? reasons.join("; ") : "somebody touched it"}`,
  failed: (line) => failureText(line["failure"]) || "it failed, and nothing of it is left",
  dirty: (line) => failureText(line["failure"]) || "it failed and left something behind",
};

/** What one line of history says, in a sentence; a kind that is not known here is shown as it stands. */
export function evidenceOf(line: HistoryEvent): Evidence {
  // Steps of one deploy are told apart by a number, instances by their ids.
  const says = sentences[line.event.replace(/-(\d+|i-[0-9a-f]+)$/, "")]?.(line) ?? asItStands(line);
  return { at: line.at, event: line.event, says: oneLine(says) };
}

function drillSays(line: HistoryEvent): string {
  const { verdict, why, backSeconds, wholeSeconds } = line;
  const back = backSeconds === undefined ? "" : `, back in ${backSeconds} s`;
  return `its drill is over after ${wholeSeconds} s${back}: ${verdict}: ${why}`;
}

function asItStands({ event: _event, at: _at, execution: _execution, ...evidence }: HistoryEvent): string {
  return Object.keys(evidence).length === 0 ? "" : JSON.stringify(evidence);
}

function oneLine(text: string): string {
  const flat = text.replaceAll(/\s+/g, " ").trim();
  return flat.length > longestText ? `${flat.slice(0, longestText - 1)}…` : flat;
}

function judgedText({ verdict, reason, decides }: HistoryEvent): string {
  if (verdict === "pass") return `it compares well with live: ${reason}`;
  if (decides !== false) return `it goes on without a verdict, as its spec wants: ${reason}`;
  const found = verdict === "fail" ? "it compares badly with live" : "nobody knows how it compares with live";
  return `${found}, and goes on, for the judge does not decide: ${reason}`;
}

function approvedText(approved: unknown): string {
  const { by = "somebody", reason = "" } = (approved ?? {}) as { by?: string; reason?: string };
  return reason === "" ? `approved by ${by}` : `approved by ${by}: ${reason}`;
}

function reportsText(reports: unknown): string {
  return Array.isArray(reports) ? together(reports as CheckReport[]).reason : "";
}

function failureText(failure: unknown): string {
  const { error, cause } = (failure ?? {}) as { error?: string; cause?: string };
  return [error, cause].filter(Boolean).join(": ");
}

function countsText(counts: unknown): string {
  const { healthy = 0, total = 0, reasons = [] } = (counts ?? {}) as Counts;
  const because = reasons.length > 0 ? ` (${reasons.join("; ")})` : "";
  return `${healthy} of ${total} targets healthy${because}`;
}
