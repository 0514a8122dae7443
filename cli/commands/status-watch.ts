import { setTimeout as delay } from "node:timers/promises";
import type { Stage } from "../aws/stage.ts";
import { ExecutionFold } from "../execution/fold.ts";
import { experimentLines, readExperiments } from "../explain/experiment-status.ts";
import { readStatus, type ServiceStatus } from "../explain/service-status.ts";
import { paintFor } from "../terminal/colour.ts";
import type { LineScreen } from "../terminal/live-lines.ts";
import { LiveLines } from "../terminal/live-lines.ts";
import { type Progress, progressOf, statusTree } from "./status-tree.ts";

/**
 * Shows the stage as a live tree until `stopped` resolves.
 * @param only The one service that is shown; undefined for every one, asked for each picture since services may come.
 * @param pauseMs Unit: milliseconds of real time between two pictures.
 * @returns What was shown last.
 */
export async function watchStatus(
  stage: Stage,
  only: string | undefined,
  screen: LineScreen,
  pauseMs: number,
  stopped: Promise<unknown>,
): Promise<ServiceStatus[]> {
  const live = new LiveLines(screen);
  const folds = new Map<string, Watched>();
  const signal = { stopped: false };
  const stopping = stopped.then(() => {
    signal.stopped = true;
  });
  let shown: ServiceStatus[] = [];
  do {
    const names = only === undefined ? await stage.ledger.services() : [only];
    shown = await Promise.all(names.map((service) => readStatus(stage, service)));
    const withProgress = await Promise.all(
      shown.map(async (status) => ({ ...status, progress: await progress(stage, status.underWay, folds) })),
    );
    const experiments = (await readExperiments(stage, only)).filter(({ state }) => state !== "over");
    live.show([...statusTree(stage.name, withProgress, paintFor(screen)), ...experimentLines(experiments)]);
    await Promise.race([delay(pauseMs), stopping]);
  } while (!signal.stopped);
  return shown;
}

interface Watched {
  fold: ExecutionFold;
  lastMs: number;
}

/** Reads only what is new of an execution. */
async function progress(
  stage: Stage,
  execution: string | undefined,
  folds: Map<string, Watched>,
): Promise<Progress | undefined> {
  if (execution === undefined) return undefined;
  const watched = folds.get(execution) ?? { fold: new ExecutionFold(), lastMs: 0 };
  folds.set(execution, watched);
  const events = await stage.runs.events(execution, watched.fold.lastEventId);
  watched.fold.add(events);
  watched.lastMs = Math.max(watched.lastMs, ...events.map(({ timestamp }) => timestamp?.getTime() ?? 0));
  return progressOf(execution, watched.fold, watched.lastMs);
}
