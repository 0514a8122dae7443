/** Days of a window, as a spec names them. */
export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof weekdays)[number];

/** A time of the week in which a service may be deployed. */
export interface Window {
  days: Weekday[];
  /** `HH:MM` on the clocks of `timeZone`. */
  from: string;
  /** `HH:MM`; at or before `from`, the window ends on the next day. */
  to: string;
  /** Such as `Europe/Berlin`. */
  timeZone: string;
}

/** A stop of all deploys, made by a person. Rollbacks are never stopped. */
export interface Freeze {
  reason: string;
  by: string;
  /** ISO time it was made. */
  at: string;
  /** ISO time it ends by itself; null: only by hand. */
  until: string | null;
}

/** Why nothing may be deployed now, and from when on something may, as far as that is known. */
export interface Hold {
  why: string;
  /** ISO time, or null when only a person ends it. */
  until: string | null;
}

/** What holds up a deploy at a time: a freeze of the stage or the service, or being outside all of its windows. */
export function holdAt(nowMs: number, windows: readonly Window[], freezes: readonly Freeze[]): Hold | undefined {
  const freeze = freezes.find(({ until }) => until === null || Date.parse(until) > nowMs);
  if (freeze) {
    const end = freeze.until === null ? "until it is thawed" : `until ${freeze.until}`;
    return { why: `deploys are frozen ${end}, by ${freeze.by}: ${freeze.reason}`, until: freeze.until };
  }
  if (windows.length === 0 || windows.some((window) => isInside(window, nowMs))) return undefined;
  const opens = nextOpening(windows, nowMs);
  const hours = windows.map(wordsOf).join(", or ");
  return { why: `it may be deployed ${hours}`, until: opens === undefined ? null : new Date(opens).toISOString() };
}

/** Whether a name is a time zone of the IANA database, as far as this runtime knows it. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function wordsOf({ days, from, to, timeZone }: Window): string {
  return `${days.join(" ")} ${from}–${to} ${timeZone}`;
}

function isInside(window: Window, nowMs: number): boolean {
  const { day, minutes } = wallClock(window.timeZone, nowMs);
  const [from, to] = [minutesOf(window.from), minutesOf(window.to)];
  const isDay = (index: number) => window.days.some((name) => weekdays.indexOf(name) === index);
  if (from < to) return isDay(day) && minutes >= from && minutes < to;
  return (isDay(day) && minutes >= from) || (isDay((day + 6) % 7) && minutes < to);
}

const minuteMs = 60_000;
const dayMinutes = 24 * 60;
/** A week and a day: every window opens within a week, but for an hour that a change of clocks leaves out. */
const horizonMinutes = 8 * dayMinutes;

/** The first whole minute from now on that lies in a window; a window that a change of clocks leaves out opens a week later. */
function nextOpening(windows: readonly Window[], nowMs: number): number | undefined {
  const first = Math.ceil(nowMs / minuteMs);
  const step = 15;
  const inside = (minute: number) => windows.some((window) => isInside(window, minute * minuteMs));
  for (let minute = first; minute < first + horizonMinutes; minute += step) {
    // A window may be over before the next step: those are found by their beginning.
    if (!inside(minute + step) && !windows.some((window) => mayOpen(window, minute, step))) continue;
    for (let exact = minute; exact <= minute + step; exact++) if (inside(exact)) return exact * minuteMs;
  }
  return undefined;
}

/** Whether the time at which a window opens comes within so many minutes, whatever the day is. */
function mayOpen({ timeZone, from }: Window, minute: number, within: number): boolean {
  const { minutes } = wallClock(timeZone, minute * minuteMs);
  return (minutesOf(from) - minutes + dayMinutes) % dayMinutes <= within;
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}

/** Day of the week (0 is Monday) and minutes since midnight on the clocks of a time zone. */
function wallClock(timeZone: string, ms: number): { day: number; minutes: number } {
  const parts = clockOf(timeZone).formatToParts(ms);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((each) => each.type === type)?.value ?? "";
  const day = weekdays.findIndex((name) => part("weekday").toLowerCase().startsWith(name));
  return { day, minutes: Number(part("hour")) * 60 + Number(part("minute")) };
}

/** One for each time zone, of which there are some hundreds: making one costs far more than asking it, and a search asks thousands of times. */
const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone);
  if (known) return known;
  const clock = new Intl.DateTimeFormat("en-US", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  clocks.set(timeZone, clock);
  return clock;
}
