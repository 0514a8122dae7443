import { describe, expect, it } from "vitest";
import { wakesFor } from "../../../shared/domain/wake.ts";

const nowMs = Date.parse("2026-11-23T12:00:00.000Z");

describe("a sweep at its own time", () => {
  it("comes in the first minute after the end, never before it", () => {
    expect(wakesFor(["2026-11-23T12:40:30.500Z"], nowMs)).toEqual([
      { name: "sweep-at-2026-11-23T12-41-00", at: "2026-11-23T12:41:00" },
    ]);
    expect(wakesFor(["2026-11-23T12:41:00.000Z"], nowMs)).toMatchObject([{ at: "2026-11-23T12:41:00" }]);
  });

  it("is one for everything that ends in a minute", () => {
    expect(wakesFor(["2026-11-23T12:40:30.500Z", "2026-11-23T12:40:59.000Z"], nowMs)).toHaveLength(1);
  });

  it("is one for each minute in which something ends, the first one first", () => {
    const ends = ["12:40", "12:09", "12:50", "12:09"].map((time) => `2026-11-23T${time}:00.000Z`);
    expect(wakesFor(ends, nowMs).map(({ at }) => at)).toEqual([
      "2026-11-23T12:09:00",
      "2026-11-23T12:40:00",
      "2026-11-23T12:50:00",
    ]);
    expect(wakesFor([], nowMs)).toEqual([]);
  });

  it("is not arranged for what the next sweep by schedule sees in time, which may be put off until then", () => {
    expect(wakesFor(["2026-11-23T13:15:00.000Z"], nowMs)).toHaveLength(1);
    expect(wakesFor(["2026-11-23T13:15:00.001Z", "2026-12-01T00:00:00.000Z"], nowMs)).toEqual([]);
  });

  it("has a time that is still to come when its schedule is made", () => {
    expect(wakesFor(["2026-11-23T12:00:10.000Z"], nowMs)).toMatchObject([{ at: "2026-11-23T12:02:00" }]);
  });
});
