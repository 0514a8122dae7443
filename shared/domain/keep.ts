/** How many releases that served keep their image, the live one included. Each costs its snapshot blocks. */
export const keptReleases = { usual: 5, most: 50 } as const;

/** Unit: hours. Long enough for a weekend to pass before what nothing needed is gone for good. */
export const usualGraceHours = 72;

/** What a spec says about releases that served. */
export interface KeepRule {
  releases: number;
  /** Unit: days. */
  days: number;
}

/** A release that served, with the ISO time of its making. */
export interface ServedRelease {
  generation: string;
  createdAt: string;
}

/**
 * Which of the releases that served keep their image: the newest by count, and the younger ones by age.
 * @param served Oldest first; the last one is the one that becomes live.
 * @param rule Undefined in specs of before there was one.
 */
export function keptOf(served: readonly ServedRelease[], rule: KeepRule | undefined, nowMs: number): string[] {
  const { releases, days } = rule ?? { releases: keptReleases.usual, days: 0 };
  const young = served.filter(({ createdAt }) => nowMs - Date.parse(createdAt) < days * 86_400_000).length;
  const count = Math.min(keptReleases.most, Math.max(releases, young));
  return served.slice(-count).map(({ generation }) => generation);
}
