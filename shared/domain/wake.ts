/** A sweep that is to come at its own time, because something ends before the next one by schedule. */
export interface Wake {
  /** Name of its schedule: one for each minute, whoever arranges it. Limit 64 characters (API_CreateSchedule). */
  name: string;
  /** Time in UTC, as a schedule's `at(…)` has it. */
  at: string;
}

const minuteMs = 60_000;

/**
 * Unit: milliseconds. The next sweep by schedule begins within an hour and a window of ten minutes; five are for the time
 * that this one takes.
 */
const horizonMs = 75 * minuteMs;

/**
 * The sweeps to arrange for these ends (ISO times), each in the first minute in which the end has come: Scheduler keeps to
 * the minute. What ends later than the next sweep by schedule is left to that one, for ends may be put off.
 */
export function wakesFor(ends: readonly string[], nowMs: number): Wake[] {
  // A time that has passed by when the schedule is made would never come.
  const earliestMs = nowMs + 2 * minuteMs;
  const times = ends
    .map((end) => Date.parse(end))
    .filter((endMs) => endMs - nowMs <= horizonMs)
    .map((endMs) => Math.ceil(Math.max(endMs, earliestMs) / minuteMs) * minuteMs);
  return [...new Set(times)]
    .sort((a, b) => a - b)
    .map((timeMs) => {
      const at = new Date(timeMs).toISOString().slice(0, "2026-11-23T12:00:00".length);
      return { name: `sweep-at-${at.replaceAll(":", "-")}`, at };
    });
}
