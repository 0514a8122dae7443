import fc from "fast-check";
import { expect, it } from "vitest";
import { parseRecurrence } from "../../../local/scheduler/expressions.ts";

const minuteMs = 60_000;
const zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"];
const from = fc.integer({ min: Date.UTC(2026, 0, 1) / minuteMs, max: Date.UTC(2027, 0, 1) / minuteMs });

const clocks = new Map(
  zones.map((timeZone) => {
    const shown = { hour: "numeric", minute: "numeric", weekday: "short" } as const;
    return [timeZone, new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", ...shown })];
  }),
);

/** What a wall clock in the zone shows. */
function wall(atMs: number, timeZone: string) {
  const parts = clocks.get(timeZone)?.formatToParts(atMs) ?? [];
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  return { minute: Number(part("minute")), hour: Number(part("hour")), weekday: part("weekday").toUpperCase() };
}

it("a rate comes back in its own rhythm, counted from its origin", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), from, fc.nat(100_000), (count, minute, laterMinutes) => {
      const originMs = minute * minuteMs;
      const afterMs = originMs + laterMinutes * minuteMs + 1;
      const next = parseRecurrence(`rate(${count} minutes)`, originMs)?.next(afterMs) ?? 0;
      expect(next).toBeGreaterThan(afterMs);
      expect(next - afterMs).toBeLessThanOrEqual(count * minuteMs);
      expect((next - originMs) % (count * minuteMs)).toBe(0);
    }),
  );
});

it("a cron comes at every minute whose wall clock shows it, no other, and once in an hour that comes twice", () => {
  const hours = fc.constantFrom("*", "0", "2", "1-3", "0/6", "1,22");
  const minutes = fc.constantFrom("0", "30", "0/15", "5,45");
  const days = fc.constantFrom("*", "MON-FRI", "SUN");
  // The days around changes of the clocks in these zones, and days without any.
  const dates = fc.constantFrom(
    "2026-03-08",
    "2026-03-29",
    "2026-04-05",
    "2026-06-01",
    "2026-10-04",
    "2026-10-25",
    "2026-11-01",
  );
  fc.assert(
    fc.property(hours, minutes, days, dates, fc.constantFrom(...zones), (hour, minute, day, date, timeZone) => {
      const recurrence = parseRecurrence(`cron(${minute} ${hour} ? * ${day} *)`, 0, timeZone);
      const allows = (field: string, value: number, top: number) =>
        field.split(",").some((part) => {
          const [, first = "0", , last, step] = /^(\*|\d+)(-(\d+))?(?:\/(\d+))?$/.exec(part) ?? [];
          if (first === "*") return true;
          const start = Number(first);
          const end = last === undefined ? (step === undefined ? start : top) : Number(last);
          return value >= start && value <= end && (value - start) % Number(step ?? 1) === 0;
        });
      const startMs = Date.parse(`${date}T00:00:00Z`) - 12 * 60 * minuteMs;
      const endMs = startMs + 48 * 60 * minuteMs;
      const expected: number[] = [];
      const shown = new Set<string>();
      for (let atMs = startMs - 3 * 60 * minuteMs; atMs < endMs; atMs += minuteMs) {
        const clock = wall(atMs, timeZone);
        const dayFits =
          day === "*" || (day === "SUN" ? clock.weekday === "SUN" : !["SAT", "SUN"].includes(clock.weekday));
        if (!dayFits || !allows(minute, clock.minute, 59) || !allows(hour, clock.hour, 23)) continue;
        const face = `${clock.weekday} ${clock.hour}:${clock.minute}`;
        const again = shown.has(face);
        shown.add(face);
        if (!again && atMs > startMs) expected.push(atMs);
      }
      const found: number[] = [];
      for (let atMs = startMs; ; ) {
        const next = recurrence?.next(atMs);
        if (next === undefined || next >= endMs) break;
        found.push(next);
        atMs = next;
      }
      const iso = (times: number[]) => times.map((atMs) => new Date(atMs).toISOString());
      expect(iso(found)).toEqual(iso(expected));
    }),
    { numRuns: 30 },
  );
}, 60_000);
