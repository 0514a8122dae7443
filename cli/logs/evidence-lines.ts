import type { HistoryEvent } from "../../shared/aws/ledger.ts";
import type { ProbeSample } from "../../shared/domain/probe.ts";
import type { CheckReport } from "../../shared/domain/verdict.ts";
import type { LogLine } from "./line.ts";

/** What every check said, and every answer that probes got, as the release's history keeps it. */
export function probeLines(history: readonly HistoryEvent[]): LogLine[] {
  return history.flatMap((line) =>
    ((line["reports"] ?? []) as CheckReport[]).flatMap(({ check, verdict, reason, evidence }) => {
      const told: LogLine = { at: line.at, source: "probes", from: line.event, text: `${check} ${verdict}: ${reason}` };
      const samples = check === "probes" ? ((evidence ?? []) as ProbeSample[]) : [];
      const answers = samples.map(
        (sample): LogLine => ({ at: line.at, source: "probes", from: sample.path, text: sampleText(sample) }),
      );
      return [told, ...answers];
    }),
  );
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
