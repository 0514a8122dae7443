import type { HistoryEvent } from "../../shared/aws/ledger.ts";

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
  validated: (line) => [line["health"], reasonOf(line["probes"])].filter(Boolean).join("; "),
  "validation-failed": (line) => String(line["reason"] ?? ""),
  "cut-over": ({ toHealth, fromHealth, needed }) => {
    const from = fromHealth ? `, it took over from ${countsText(fromHealth)}` : "";
    return `all requests go to it: ${countsText(toHealth)}, ${needed} needed${from}`;
  },
  "observation-failed": ({ health }) => `it did not hold: ${countsText(health)}`,
  restored: ({ live }) => (live ? `requests went back to ${live}` : "its rule was removed: nothing had served before"),
  live: ({ standby }) => (standby ? `it is live, ${standby} stands by` : "it is live, nothing stands by"),
  failed: (line) => failureText(line["failure"]) || "it failed, and nothing of it is left",
  dirty: (line) => failureText(line["failure"]) || "it failed and left something behind",
};

/** What one line of history says, in a sentence; a kind that is not known here is shown as it stands. */
export function evidenceOf(line: HistoryEvent): Evidence {
  const says = sentences[line.event]?.(line) ?? asItStands(line);
  return { at: line.at, event: line.event, says: oneLine(says) };
}

function asItStands({ event: _event, at: _at, execution: _execution, ...evidence }: HistoryEvent): string {
  return Object.keys(evidence).length === 0 ? "" : JSON.stringify(evidence);
}

function oneLine(text: string): string {
  const flat = text.replaceAll(/\s+/g, " ").trim();
  return flat.length > longestText ? `${flat.slice(0, longestText - 1)}…` : flat;
}

function reasonOf(report: unknown): string {
  return String((report as { reason?: unknown } | null | undefined)?.reason ?? "");
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
