import type { DrillResult } from "../../shared/domain/drill.ts";

/** `web-000001 had 1 % of the requests, back in 4 s, 12 of 12 requests answered well`, with a reason when there is no pass. */
export function drillText({ generation, percent, backSeconds, why }: DrillResult): string {
  if (backSeconds === undefined) return `${generation} got no share: ${why}`;
  return `${generation} had ${percent} % of the requests, back in ${backSeconds} s: ${why}`;
}

/**
 * `rehearsed 3 days ago, back in 4 s`; of a drill that did not end well what it found.
 * @param nowMs The stage's time. Unit: milliseconds since the Unix epoch.
 */
export function rehearsedText({ verdict, at, backSeconds, generation, why }: DrillResult, nowMs: number): string {
  const ago = agoText(nowMs - Date.parse(at));
  if (verdict === "fail") return `DRILL FAILED ${ago} with ${generation}: ${why}`;
  const took = backSeconds === undefined ? "" : `, back in ${backSeconds} s`;
  return `rehearsed ${ago} with ${generation}${took}${verdict === "pass" ? "" : `, inconclusive: ${why}`}`;
}

const units = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

/** `3 days ago`. */
function agoText(ms: number): string {
  const found = units.find(([, length]) => ms >= length);
  if (!found) return "just now";
  const [name, length] = found;
  const count = Math.floor(ms / length);
  return `${count} ${name}${count === 1 ? "" : "s"} ago`;
}
