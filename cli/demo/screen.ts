import { table } from "../table.ts";
import type { Act, Performance } from "./demo.ts";

/** Where everything is, for the last screen. */
export interface Places {
  endpoint: string;
  services: string;
  artifacts: string;
}

/** Everything that happened and what to try next, on one screen. */
export function screen(shown: Performance, live: string, places: Places, staysUp: boolean): string {
  const { service, acts, load } = shown;
  const answered = Object.entries(load.byRelease).map(([release, count]) => `${release} ${count}`);
  return [
    "",
    "modelled seconds in each state (with waiting)",
    ...timeline(acts).map((line) => `  ${line}`),
    "",
    `requests   ${load.requests} served, ${load.failed} failed; half within ${load.p50Ms} ms, 99 % within ${load.p99Ms} ms`,
    `answered   ${answered.join(", ")}; now ${live}`,
    ...load.failures.map((failure) => `  failed   ${failure}`),
    "",
    `cloud      ${places.endpoint}  (AWS API)`,
    `${service.padEnd(9)}  ${places.services}`,
    ...(staysUp ? ["", "try next, in another terminal", ...nextSteps(service, places)] : []),
  ].join("\n");
}

function nextSteps(service: string, { services, artifacts }: Places): string[] {
  return [
    `  curl ${services}/`,
    "  npm run kiln -- status",
    `  npm run kiln -- rollback ${service}`,
    `  npm run --silent artifact -- examples/web 1.2.0.tgz --version 1.2.0 && eval "$(npm run --silent kiln -- env)" && \\`,
    `    aws s3 cp 1.2.0.tgz s3://${artifacts}/${service}/1.2.0.tgz`,
  ];
}

/** States as rows in the order they were first entered, executions as columns. */
export function timeline(acts: readonly Act[]): string[] {
  const states = [...new Set(acts.flatMap(({ outcome }) => outcome.phases.map(({ state }) => state)))];
  const rows = states
    .filter((state) => acts.some(({ outcome }) => secondsIn(outcome, state) !== undefined && outcome.end !== state))
    .map((state) => [state, ...acts.map(({ outcome }) => shown(secondsIn(outcome, state)))]);
  const header = ["", ...acts.map(({ title }) => title)];
  const total = ["in all", ...acts.map(({ outcome }) => shown(outcome.seconds))];
  const ends = ["ended", ...acts.map(({ outcome }) => outcome.end)];
  return table(aligned([header, ...rows, total, ends]));
}

/** Modelled seconds in all visits to a state; undefined when it was never entered. */
function secondsIn({ phases }: Act["outcome"], state: string): number | undefined {
  const visits = phases.filter((phase) => phase.state === state);
  return visits.length === 0 ? undefined : visits.reduce((sum, { seconds }) => sum + seconds, 0);
}

function shown(seconds: number | undefined): string {
  return seconds === undefined ? "-" : seconds.toFixed(1);
}

/** Numbers stand right under each other. */
function aligned(rows: readonly string[][]): string[][] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) => row.map((cell, column) => (column === 0 ? cell : cell.padStart(widths[column] ?? 0))));
}
