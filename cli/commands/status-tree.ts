import { type ExecutionFold, secondsBetween } from "../execution/fold.ts";
import { rehearsedText } from "../explain/drill.ts";
import type { FleetStatus, ServiceStatus } from "../explain/service-status.ts";
import { wayBackText } from "../explain/way-back.ts";
import { leavingCell } from "../leaving-text.ts";
import { table } from "../table.ts";
import type { Paint, Tone } from "../terminal/colour.ts";

/** How far an execution is: its phases until now, the last one being the present. */
export interface Progress {
  execution: string;
  phases: { state: string; seconds: number; turns: number; failures: number; lastError: string | undefined }[];
  ended: string | undefined;
}

/** What an execution's events say until now. Modelled seconds up to the last event, since this computer's clock may differ. */
export function progressOf(execution: string, fold: ExecutionFold, lastMs: number): Progress {
  return {
    execution,
    phases: fold.phases.map(({ state, enteredMs, leftMs, turns, failures, lastError }) => ({
      state,
      seconds: secondsBetween(enteredMs, leftMs ?? Math.max(lastMs, enteredMs)),
      turns,
      failures,
      lastError,
    })),
    ended: fold.ending && `${fold.ending.status} in ${fold.ending.state}`,
  };
}

/** The services of a stage as a tree: fleets and whatever is under way below each. */
export function statusTree(
  stage: string,
  services: readonly (ServiceStatus & { progress: Progress | undefined })[],
  paint: Paint,
): string[] {
  if (services.length === 0) return [`stage ${stage} has no service yet`];
  return services.flatMap(({ service, url, fleets, progress, underWay, unexplained, wayBack, drill, notes }) => {
    const rows = table(fleets.map(fleetCells));
    const branches = fleets.map((fleet, index) => [paint(toneOf(fleet), rows[index] ?? "")]);
    if (progress) branches.push(progressLines(progress, paint));
    else if (underWay !== undefined) branches.push([`under way  ${underWay}`]);
    if (unexplained !== undefined) branches.push([paint("bad", `changed by somebody else: ${unexplained}`)]);
    if (wayBack) branches.push([paint(wayBack.ready ? "quiet" : "bad", `way back  ${wayBackText(wayBack)}`)]);
    if (drill) branches.push([paint(drill.verdict === "fail" ? "bad" : "quiet", rehearsedText(drill, Date.now()))]);
    if (notes.length > 0) branches.push(notes.map((note) => paint("warning", note)));
    const title = `${paint("strong", service)}${url === undefined ? "" : `  ${url}`}`;
    return [title, ...tree(branches)];
  });
}

/** One fleet as a row of a table, its role first. */
export function fleetCells(fleet: FleetStatus): string[] {
  const { role, generation, version, instances, wanted, healthy, weight, time } = fleet;
  const traffic = weight === undefined ? "not in the rule" : weight > 0 ? "gets requests" : "no requests";
  return [role, generation, version, `${healthy} healthy of ${instances}/${wanted}`, traffic, leavingCell(fleet), time];
}

function toneOf({ role, healthy, wanted, weight }: FleetStatus): Tone {
  if (healthy < wanted) return weight !== undefined && weight > 0 ? "bad" : "warning";
  return role === "live" ? "good" : "quiet";
}

function progressLines({ execution, phases, ended }: Progress, paint: Paint): string[] {
  const name = execution.split(":").at(-1) ?? execution;
  const rows = phases.map(({ state, seconds, turns, failures, lastError }, index) => {
    const mark = index < phases.length - 1 || ended !== undefined ? "✓" : "…";
    const tried = failures > 0 ? `${failures} attempts failed: ${lastError}` : "";
    return [mark, state, `${seconds.toFixed(1)} s`, turns > 1 ? `${turns} turns` : "", tried];
  });
  const lines = table(rows).map((line) => paint(line.startsWith("✓") ? "quiet" : "strong", line));
  return [`under way  ${name}${ended === undefined ? "" : `  ${ended}`}`, ...lines];
}

/** Branches with the lines of a tree before them; further lines of a branch stand below its first. */
function tree(branches: readonly (readonly string[])[]): string[] {
  return branches.flatMap((lines, index) => {
    const last = index === branches.length - 1;
    return lines.map((line, row) => {
      const stem = row === 0 ? (last ? "└─ " : "├─ ") : last ? "     " : "│    ";
      return `${stem}${line}`.trimEnd();
    });
  });
}
