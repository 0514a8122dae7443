import type { HistoryEvent } from "../../shared/aws/ledger.ts";
import type { ProbeReport, ProbeSample } from "../../shared/domain/probe.ts";
import type { LogLine } from "./line.ts";

/** Every answer that probes got, as the release's history keeps it. */
export function probeLines(history: readonly HistoryEvent[]): LogLine[] {
  return history.flatMap((line) => {
    const report = line["probes"] as ProbeReport | undefined;
    if (!report) return [];
    const verdict: LogLine = {
      at: line.at,
      source: "probes",
      from: line.event,
      text: `${report.verdict}: ${report.reason}`,
    };
    const samples = (report.samples ?? []).map(
      (sample): LogLine => ({ at: line.at, source: "probes", from: sample.path, text: sampleText(sample) }),
    );
    return [verdict, ...samples];
  });
}

function sampleText({ status, latencyMs, problem }: ProbeSample): string {
  const answer = status === undefined ? "no answer" : `${status} after ${latencyMs ?? "?"} ms`;
  return problem === undefined ? answer : `${answer}: ${problem}`;
}

/** What instances that are gone had printed, as the history of a failed release keeps it. */
export function keptConsoleLines(history: readonly HistoryEvent[]): LogLine[] {
  return history.flatMap((line) =>
    Object.entries((line["console"] ?? {}) as Record<string, string>).flatMap(([instance, text]) =>
      consoleLines(instance, text),
    ),
  );
}

/** A console's lines; it carries no times of its own. */
export function consoleLines(instance: string, text: string): LogLine[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .map((line): LogLine => ({ at: null, source: "instances", from: instance, text: line }));
}
