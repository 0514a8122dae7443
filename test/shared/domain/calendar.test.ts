import { describe, expect, it } from "vitest";
import { type Freeze, holdAt, type Window } from "../../../shared/domain/calendar.ts";

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

  it("are enough when one of several is open", () => {
    const sunday: Window = { days: ["sun"], from: "10:00", to: "10:01", timeZone: "UTC" };
    expect(holdAt(at("2026-11-22T10:00:30Z"), [office, sunday], [])).toBeUndefined();
    expect(holdAt(at("2026-11-21T12:00:00Z"), [office, sunday], [])).toMatchObject({
      until: "2026-11-22T10:00:00.000Z",
    });
  });
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
    expect(holdAt(at("2030-01-01T00:00:00Z"), [], [{ ...freeze, until: null }])).toMatchObject({ until: null });
  });
});
