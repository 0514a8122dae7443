/** How production could go back: by one rule change, by launching a kept image, not at all, or to nothing that served before. */
export type Way = "hot" | "cold" | "lost" | "none";

/** How long rollbacks of a service took. Unit: seconds, the newest last. */
export interface MeasuredRollbacks {
  hot: number[];
  cold: number[];
}

/** The last proof that production can go back: `services/<service>/way-back.json`. */
export interface WayBack {
  /** ISO time of the proof; null while only rollbacks were measured. */
  provedAt: string | null;
  /** What a rollback would go to; null when nothing served before. */
  generation: string | null;
  /** What it must be: hot while the window lasts, cold for a kept release after it. */
  promised: Way;
  /** What it is. */
  way: Way;
  /** What is missing, in words for a person; empty when all is as promised. */
  problems: string[];
  measured: MeasuredRollbacks;
}

export function emptyWayBack(): WayBack {
  const measured = { hot: [], cold: [] };
  return { provedAt: null, generation: null, promised: "none", way: "none", problems: [], measured };
}

/** What was found of the release that a rollback would go to. */
export interface WayBackView {
  /** Whether its hot window lasts. */
  isHotWindow: boolean;
  /** Whether its fleet has as many healthy targets as live needs. */
  isFleetReady: boolean;
  imageState: string;
  hasTemplateVersion: boolean;
  /** State of the key under which the image is encrypted. */
  keyState: string;
}

/** Decides which way back there is, and what is missing of the one that was promised. */
export function judgeWayBack(view: WayBackView): Pick<WayBack, "promised" | "way" | "problems"> {
  const promised = view.isHotWindow ? "hot" : "cold";
  const coldProblems = [
    ...(view.imageState === "available" ? [] : [`its image is ${view.imageState}`]),
    ...(view.hasTemplateVersion ? [] : ["its launch template version is gone"]),
    ...(view.keyState === "Enabled" ? [] : [`the key of its image is ${view.keyState}`]),
  ];
  const hotProblems = promised === "hot" && !view.isFleetReady ? ["its fleet is not healthy enough to take over"] : [];
  const cold: Way = coldProblems.length === 0 ? "cold" : "lost";
  return { promised, way: view.isFleetReady ? "hot" : cold, problems: [...hotProblems, ...coldProblems] };
}

/** Whether the way back is at least as good as promised. */
export function isReady({ promised, way }: Pick<WayBack, "promised" | "way">): boolean {
  const rank: Record<Way, number> = { hot: 2, cold: 1, none: 0, lost: 0 };
  return rank[way] >= rank[promised];
}

/**
 * What is to be announced after a proof: that the way back is lost, or is there again. The first proof of a release
 * announces a loss only; nobody missed it before.
 */
export function announcementOf(before: WayBack | undefined, after: WayBack): "lost" | "regained" | undefined {
  const wasReady = before === undefined || isReady(before);
  if (wasReady === isReady(after)) return undefined;
  return isReady(after) ? "regained" : "lost";
}

/** As many of each kind as are remembered. */
const remembered = 9;

/** The record with one more rollback of a kind. Unit: seconds. */
export function withMeasured(record: WayBack, way: "hot" | "cold", seconds: number): WayBack {
  const measured = { ...record.measured, [way]: [...record.measured[way], seconds].slice(-remembered) };
  return { ...record, measured };
}

/** How long a rollback may be expected to take: the median of those measured. Unit: seconds; undefined when none was. */
export function expectedSeconds(measured: MeasuredRollbacks, way: Way): number | undefined {
  if (way !== "hot" && way !== "cold") return undefined;
  const sorted = [...measured[way]].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
