import { describe, expect, it } from "vitest";
import { parseRecurrence, parseRuleSchedule } from "../../../local/scheduler/expressions.ts";

const at = (iso: string) => Date.parse(iso);

/** The first times after `from`, as ISO 8601. */
function times(expression: string, from: string, count: number, timeZone?: string): string[] {
  const recurrence = parseRecurrence(expression, at(from), timeZone);
  const found: string[] = [];
  let after = at(from);
  for (let index = 0; index < count; index++) {
    const next = recurrence?.next(after);
    if (next === undefined) break;
    found.push(new Date(next).toISOString());
    after = next;
  }
  return found;
}

/** What neither a rule nor a schedule takes. */
const wrong = [
  "rate(0 minutes)",
  "rate(-1 minutes)",
  "rate(1.5 hours)",
  "rate(5 seconds)",
  "cron(0 8 * * * *)",
  "cron(0 8 ? * ? *)",
  "cron(0 8 * *)",
  "cron(0 8 * * ? * *)",
  "cron(61 8 * * ? *)",
  "cron(0 24 * * ? *)",
  "cron(0 8 0 * ? *)",
  "cron(0 8 ? 13 1 *)",
  "cron(0 8 ? * 8 *)",
  "cron(0 8 ? * 2#6 *)",
  "cron(0 8 3#2 * ? *)",
  "cron(a 8 * * ? *)",
  "every day",
];

describe("schedule expressions", () => {
  it("count rates from their origin", () => {
    expect(times("rate(90 minutes)", "2026-01-01T00:10:00Z", 2)).toEqual([
      "2026-01-01T01:40:00.000Z",
      "2026-01-01T03:10:00.000Z",
    ]);
    const origin = at("2026-01-01T00:00:00Z");
    expect(parseRecurrence("rate(1 day)", origin)?.next(origin - 1)).toBe(origin);
  });

  it("follow cron fields, names, steps, last days and weekdays", () => {
    expect(times("cron(15 10 ? * MON-FRI *)", "2026-01-02T10:15:00Z", 2)).toEqual([
      "2026-01-05T10:15:00.000Z",
      "2026-01-06T10:15:00.000Z",
    ]);
    expect(times("cron(0 0 L * ? *)", "2026-01-15T00:00:00Z", 2)).toEqual([
      "2026-01-31T00:00:00.000Z",
      "2026-02-28T00:00:00.000Z",
    ]);
    expect(times("cron(0/20 8 1 JAN ? 2027)", "2026-01-01T00:00:00Z", 5)).toEqual([
      "2027-01-01T08:00:00.000Z",
      "2027-01-01T08:20:00.000Z",
      "2027-01-01T08:40:00.000Z",
    ]);
  });

  it("follow the wall clock of a time zone, skip a time the clocks skip, and run once in an hour they repeat", () => {
    expect(times("cron(0 8 * * ? *)", "2026-03-28T00:00:00Z", 2, "Europe/Berlin")).toEqual([
      "2026-03-28T07:00:00.000Z",
      "2026-03-29T06:00:00.000Z",
    ]);
    expect(times("cron(30 2 * * ? *)", "2026-03-28T12:00:00Z", 1, "Europe/Berlin")).toEqual([
      "2026-03-30T00:30:00.000Z",
    ]);
    expect(times("cron(30 2 * * ? *)", "2026-10-24T12:00:00Z", 2, "Europe/Berlin")).toEqual([
      "2026-10-25T00:30:00.000Z",
      "2026-10-26T01:30:00.000Z",
    ]);
  });

  // Source: AWS Knowledge Center, "eventbridge-scheduler-adjust-dst": a day of a rate is 24 hours of the clock, whatever the zone does.
  it("count a rate in days by 24 hours, across a change of the clocks", () => {
    expect(times("rate(1 day)", "2026-03-28T12:00:00Z", 2, "Europe/Berlin")).toEqual([
      "2026-03-29T12:00:00.000Z",
      "2026-03-30T12:00:00.000Z",
    ]);
  });

  it("run once at a time in a zone", () => {
    expect(times("at(2026-07-01T09:00:00)", "2026-01-01T00:00:00Z", 2, "America/New_York")).toEqual([
      "2026-07-01T13:00:00.000Z",
    ]);
    expect(times("at(2025-07-01T09:00:00)", "2026-01-01T00:00:00Z", 1)).toEqual([]);
  });

  it.each([
    ...wrong,
    "rate( 5 minutes )",
    " rate(5 minutes)",
    "rate(5 minutes) ",
    "at(2026-07-01 09:00)",
    "at(2026-07-01)",
    "at(2026-07-01T09:00:00Z)",
    "at(2026-07-01T09:00:00.000)",
    "at(2026-02-30T09:00:00)",
  ])("refuse %s", (expression) => {
    expect(parseRecurrence(expression, 0)).toBeUndefined();
  });

  // Measured on AWS: badmintoncryer/cdk-preflight, pf-scheduler-schedule-expression.
  it("may be written more freely than those of rules", () => {
    for (const [free, strict] of [
      ["rate(1 hours)", "rate(1 hour)"],
      ["RATE(5minute)", "rate(5 minutes)"],
      ["cron(0 8 * * ?)", "cron(0 8 * * ? *)"],
      ["At(2026-07-01T09:00)", "at(2026-07-01T09:00:00)"],
    ] as const) {
      expect(times(free, "2026-01-01T00:00:00Z", 2)).toEqual(times(strict, "2026-01-01T00:00:00Z", 2));
      expect(times(free, "2026-01-01T00:00:00Z", 1)).toHaveLength(1);
    }
  });
});

describe("schedule expressions of rules", () => {
  // Source: EventBridge user guide, "Rate expressions": singular for 1, plural for more; at() is Scheduler's alone.
  it.each([...wrong, "rate(1 minutes)", "rate(5 minute)", "cron(0 8 * * ?)", "at(2026-07-01T09:00:00)"])(
    "refuse %s",
    (expression) => {
      expect(parseRuleSchedule(expression, 0)).toBeUndefined();
    },
  );

  it("count as those of schedules do", () => {
    for (const expression of ["rate(1 day)", "rate(7 minutes)", "cron(5 4 L * ? *)"]) {
      expect(parseRuleSchedule(expression, 0)?.next(1e12)).toBe(parseRecurrence(expression, 0)?.next(1e12));
    }
  });
});
