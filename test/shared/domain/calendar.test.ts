import { describe, expect, it } from "vitest";
import { type Freeze, holdAt, isTimeZone, type Window } from "../../../shared/domain/calendar.ts";

const office: Window = {
  days: ["mon", "tue", "wed", "thu", "fri"],
  from: "09:00",
  to: "17:00",
  timeZone: "Europe/Berlin",
};
const at = (iso: string) => Date.parse(iso);

describe("windows of a service", () => {
  it("hold nothing up when there are none", () => {
    expect(holdAt(at("2026-11-22T03:00:00Z"), [], [])).toBeUndefined();
  });

  it("are open from their first minute up to, not including, their last, on their own clocks", () => {
    expect(holdAt(at("2026-11-23T08:00:00Z"), [office], [])).toBeUndefined();
    expect(holdAt(at("2026-11-23T15:59:59Z"), [office], [])).toBeUndefined();
    expect(holdAt(at("2026-11-23T07:59:59Z"), [office], [])).toMatchObject({ until: "2026-11-23T08:00:00.000Z" });
    expect(holdAt(at("2026-11-23T16:00:00Z"), [office], [])).toMatchObject({ until: "2026-11-24T08:00:00.000Z" });
  });

  it("say when they open next, over a weekend and over a change of clocks", () => {
    expect(holdAt(at("2026-10-24T12:00:00Z"), [office], [])).toMatchObject({ until: "2026-10-26T08:00:00.000Z" });
    expect(holdAt(at("2026-03-28T12:00:00Z"), [office], [])).toMatchObject({ until: "2026-03-30T07:00:00.000Z" });
  });

  it("may go past midnight: the second half belongs to the day on which they opened", () => {
    const night: Window = { days: ["fri"], from: "22:00", to: "04:00", timeZone: "UTC" };
    expect(holdAt(at("2026-11-20T23:00:00Z"), [night], [])).toBeUndefined();
    expect(holdAt(at("2026-11-21T03:59:00Z"), [night], [])).toBeUndefined();
    expect(holdAt(at("2026-11-21T04:00:00Z"), [night], [])).toBeDefined();
    expect(holdAt(at("2026-11-20T03:00:00Z"), [night], [])).toMatchObject({ until: "2026-11-20T22:00:00.000Z" });
  });

  it("say when they open however short they are, and at whatever minute", () => {
    const short = (from: string, to: string): Window => ({ ...office, from, to });
    const opens = (now: string, ...windows: Window[]) => holdAt(at(now), windows, [])?.until;
    expect(opens("2026-11-23T05:10:00Z", short("09:00", "09:10"))).toBe("2026-11-23T08:00:00.000Z");
    expect(opens("2026-11-23T05:09:00Z", short("09:07", "09:08"))).toBe("2026-11-23T08:07:00.000Z");
    expect(opens("2026-11-23T08:06:30Z", short("09:07", "09:08"))).toBe("2026-11-23T08:07:00.000Z");
    expect(opens("2026-11-23T08:08:00Z", short("09:07", "09:08"))).toBe("2026-11-24T08:07:00.000Z");
    expect(opens("2026-11-23T08:08:00Z", short("09:07", "09:08"), short("10:01", "10:02"))).toBe(
      "2026-11-23T09:01:00.000Z",
    );
    const nepal = { ...short("09:07", "09:08"), timeZone: "Asia/Kathmandu" };
    expect(opens("2026-11-23T00:00:00Z", nepal)).toBe("2026-11-23T03:22:00.000Z");
  });

  it("open with the change of clocks that leaves their beginning out, or a week later when it leaves all of them out", () => {
    const night = (to: string): Window => ({ days: ["sun"], from: "02:07", to, timeZone: "Europe/Berlin" });
    const before = at("2026-03-28T12:00:00Z");
    expect(holdAt(before, [night("04:00")], [])?.until).toBe("2026-03-29T01:00:00.000Z");
    expect(holdAt(before, [night("02:50")], [])?.until).toBe("2026-04-05T00:07:00.000Z");
  });

  it("are enough when one of several is open", () => {
    const sunday: Window = { days: ["sun"], from: "10:00", to: "10:01", timeZone: "UTC" };
    expect(holdAt(at("2026-11-22T10:00:30Z"), [office, sunday], [])).toBeUndefined();
    expect(holdAt(at("2026-11-21T12:00:00Z"), [office, sunday], [])).toMatchObject({
      until: "2026-11-22T10:00:00.000Z",
    });
  });
});

describe("when a window opens next", () => {
  const sunday: Window = { days: ["sun"], from: "10:00", to: "10:01", timeZone: "UTC" };
  const next = (now: string, ...windows: Window[]) => holdAt(at(now), windows, [])?.until;

  it("is told of the shortest one too, at whatever minute somebody asks", () => {
    for (const minute of ["00", "01", "07", "14", "59"]) {
      expect(next(`2026-11-21T12:${minute}:00Z`, sunday)).toBe("2026-11-22T10:00:00.000Z");
    }
    expect(next("2026-11-22T09:59:30Z", sunday)).toBe("2026-11-22T10:00:00.000Z");
    expect(next("2026-11-22T10:01:00Z", sunday)).toBe("2026-11-29T10:00:00.000Z");
    const odd = { ...sunday, from: "23:52", to: "23:54" };
    expect(next("2026-11-22T12:00:00Z", odd)).toBe("2026-11-22T23:52:00.000Z");
    expect(next("2026-11-22T12:00:00Z", office, odd)).toBe("2026-11-22T23:52:00.000Z");
  });

  it("is by the minute on the window's own clocks", () => {
    const half: Window = { days: ["mon"], from: "09:45", to: "10:15", timeZone: "Asia/Kolkata" };
    expect(next("2026-11-23T04:14:59Z", half)).toBe("2026-11-23T04:15:00.000Z");
    expect(next("2026-11-23T04:15:00Z", half)).toBeUndefined();
    expect(next("2026-11-23T04:44:59Z", half)).toBeUndefined();
    expect(next("2026-11-23T04:45:00Z", half)).toBe("2026-11-30T04:15:00.000Z");
  });

  it("is told where a change of clocks begins it, and is not known when one leaves it out for longer than a week", () => {
    const early: Window = { days: ["sun"], from: "03:00", to: "03:30", timeZone: "Europe/Berlin" };
    expect(next("2026-03-28T12:07:00Z", early)).toBe("2026-03-29T01:00:00.000Z");
    const missing: Window = { ...early, from: "02:00", to: "02:30" };
    expect(next("2026-03-28T12:00:00Z", missing)).toBe("2026-04-05T00:00:00.000Z");
    expect(next("2026-03-27T12:00:00Z", missing)).toBeNull();
  });

  it("is never for a window of a whole day while it lasts", () => {
    const day: Window = { days: ["mon"], from: "09:00", to: "09:00", timeZone: "UTC" };
    expect(next("2026-11-23T09:00:00Z", day)).toBeUndefined();
    expect(next("2026-11-24T08:59:00Z", day)).toBeUndefined();
    expect(next("2026-11-24T09:00:00Z", day)).toBe("2026-11-30T09:00:00.000Z");
  });

  it("stands behind all the hours at which it may be deployed", () => {
    const saturday: Window = { days: ["sat", "sun"], from: "10:00", to: "11:30", timeZone: "UTC" };
    expect(holdAt(at("2026-11-22T12:00:00Z"), [office, saturday], [])?.why).toBe(
      "it may be deployed mon tue wed thu fri 09:00–17:00 Europe/Berlin, or sat sun 10:00–11:30 UTC",
    );
  });
});

it("a time zone is one that the database knows", () => {
  expect(isTimeZone("Europe/Berlin")).toBe(true);
  expect(isTimeZone("Europe/Atlantis")).toBe(false);
});

describe("a freeze", () => {
  const freeze: Freeze = {
    reason: "the sale",
    by: "ann",
    at: "2026-11-20T00:00:00Z",
    until: "2026-11-30T08:00:00.000Z",
  };

  it("holds up until its end, whatever the windows say, and names its maker and reason", () => {
    const hold = holdAt(at("2026-11-23T09:00:00Z"), [office], [freeze]);
    expect(hold?.why).toBe("deploys are frozen until 2026-11-30T08:00:00.000Z, by ann: the sale");
    expect(hold?.until).toBe("2026-11-30T08:00:00.000Z");
    expect(holdAt(at("2026-11-30T08:00:00Z"), [office], [freeze])).toBeUndefined();
  });

  it("without an end holds up until it is thawed", () => {
    expect(holdAt(at("2030-01-01T00:00:00Z"), [], [{ ...freeze, until: null }])).toEqual({
      why: "deploys are frozen until it is thawed, by ann: the sale",
      until: null,
    });
  });
});
