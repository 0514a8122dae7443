import awsCronParser from "aws-cron-parser";

/** When a schedule is due. Times are milliseconds since the Unix epoch. */
export interface Recurrence {
  kind: "rate" | "cron" | "at";
  /** The first time after `afterMs`, or undefined when there is none any more. */
  next(afterMs: number): number | undefined;
}

const dayMs = 86_400_000;

const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: dayMs };

/**
 * Reads the schedule of a rule: `rate(5 minutes)` or `cron(0 8 * * ? *)`, in UTC.
 * Source: EventBridge user guide, "Rate expressions" and "Cron expressions".
 * @param originMs Where the times of a rate are counted from.
 * @returns Undefined when the expression is not valid.
 */
export function parseRuleSchedule(expression: string, originMs: number): Recurrence | undefined {
  const [, kind, body = ""] = /^(rate|cron)\((.*)\)$/.exec(expression.trim()) ?? [];
  if (kind === "cron") {
    const fields = body.trim().split(/\s+/);
    return fields.length === 6 ? parseCron(fields, "UTC") : undefined;
  }
  const [, count = "0", unit = "", plural] = /^\s*([1-9]\d*)\s+(minute|hour|day)(s?)\s*$/.exec(body) ?? [];
  // The unit of one must be singular and that of more must be plural.
  return kind !== "rate" || (count === "1") !== (plural === "") ? undefined : rateOf(count, unit, originMs);
}

/**
 * Reads `rate(5 minutes)`, `cron(0 8 * * ? *)` or `at(2026-01-01T08:00:00)`.
 * Source: Scheduler user guide, "Schedule types". Scheduler is laxer than rules: the name may be in capitals, a unit be
 * singular or plural, a cron end before its year and a time before its seconds; but there may be no blanks around
 * (measured in badmintoncryer/cdk-preflight, pf-scheduler-schedule-expression).
 * @param originMs Where the times of a rate are counted from.
 * @param timeZone IANA name the cron fields and the `at` time are in; UTC when left out.
 * @returns Undefined when the expression is not valid.
 */
export function parseRecurrence(expression: string, originMs: number, timeZone = "UTC"): Recurrence | undefined {
  const [, kind, body = ""] = /^(rate|cron|at)\((.*)\)$/i.exec(expression) ?? [];
  switch (kind?.toLowerCase()) {
    case "rate": {
      const [, count = "0", unit = ""] = /^(\d+) *(minute|hour|day)s?$/i.exec(body) ?? [];
      return rateOf(count, unit.toLowerCase(), originMs);
    }
    case "cron": {
      const fields = body.split(" ");
      return parseCron(fields.length === 5 ? [...fields, "*"] : fields, timeZone);
    }
    case "at":
      return parseAt(body, timeZone);
    default:
      return undefined;
  }
}

function rateOf(count: string, unit: string, originMs: number): Recurrence | undefined {
  const periodMs = Number(count) * (unitMs[unit] ?? 0);
  if (periodMs === 0) return undefined;
  return {
    kind: "rate",
    next: (afterMs) => {
      const periods = Math.max(0, Math.floor((afterMs - originMs) / periodMs) + 1);
      return originMs + periods * periodMs;
    },
  };
}

/** What each of the six fields may be made of; the parser checks the ranges of the numbers. */
const cronFields: readonly RegExp[] = [
  /^[\d*,/-]+$/,
  /^[\d*,/-]+$/,
  /^([\d*,/-]+|\?|L(-\d+)?|\d+W)$/,
  /^([\d*,/-]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)+$/i,
  /^(([\d*,/-]|SUN|MON|TUE|WED|THU|FRI|SAT)+|\?|L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5]))$/i,
  /^[\d*,/-]+$/,
];

function parseCron(fields: readonly string[], timeZone: string): Recurrence | undefined {
  const [, , dayOfMonth, , dayOfWeek] = fields;
  if (fields.length !== 6 || !fields.every((field, index) => cronFields[index]?.test(field))) return undefined;
  // One of the two day fields must be a question mark, since a schedule cannot follow both.
  if ((dayOfMonth === "?") === (dayOfWeek === "?")) return undefined;
  let parsed: ReturnType<typeof awsCronParser.parse>;
  try {
    parsed = awsCronParser.parse(fields.join(" "));
  } catch {
    return undefined;
  }
  if (Object.values(parsed).some((values: unknown[]) => values.some((value) => Number.isNaN(value)))) return undefined;
  return {
    kind: "cron",
    next: (afterMs) => {
      // The parser counts in UTC: it is given the zone's wall clock as if that were UTC, and its answer is read back so.
      let wall = wallClock(afterMs, timeZone);
      for (;;) {
        const occurrence = awsCronParser.next(parsed, new Date(wall));
        if (!occurrence) return undefined;
        wall = occurrence.getTime();
        const due = instantOf(wall, timeZone);
        // A time that the clocks skip is skipped; one that they repeat runs once.
        if (due !== undefined && due > afterMs) return due;
      }
    },
  };
}

function parseAt(body: string, timeZone: string): Recurrence | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(body)) return undefined;
  const wall = Date.parse(`${body}Z`);
  // A day that its month lacks would be read as one of the next month.
  if (Number.isNaN(wall) || !new Date(wall).toISOString().startsWith(body)) return undefined;
  const dueMs = instantOf(wall, timeZone) ?? wall;
  return { kind: "at", next: (afterMs) => (dueMs > afterMs ? dueMs : undefined) };
}

/** Whether the runtime knows a time zone by this name. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** What a wall clock in the zone shows at an instant, as the instant at which a clock in UTC shows the same. */
function wallClock(instantMs: number, timeZone: string): number {
  if (timeZone === "UTC") return instantMs;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const parts = new Map(format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
}

/** The first instant at which the zone's wall clock shows this, or undefined when the clocks skip it. */
function instantOf(wallMs: number, timeZone: string): number | undefined {
  if (timeZone === "UTC") return wallMs;
  // Offsets lie within a day of UTC; the two in force around the instant are the only candidates.
  const offsets = [wallMs - dayMs, wallMs + dayMs].map((near) => wallClock(near, timeZone) - near);
  const candidates = offsets
    .map((offset) => wallMs - offset)
    .filter((instant) => wallClock(instant, timeZone) === wallMs);
  return candidates.length === 0 ? undefined : Math.min(...candidates);
}
