import { describe, expect, it } from "vitest";
import { deployPinMs, duePins, expiredPins, type Pin, withPin } from "../../../shared/domain/pins.ts";

const nowMs = Date.parse("2026-01-01T12:00:00Z");
const pin = (generation: string, changes: Partial<Pin> = {}): Pin => ({
  generation,
  min: 4,
  lasting: 2,
  until: "2026-01-01T13:00:00Z",
  by: "deploy-1",
  reason: "traffic moves",
  ...changes,
});

describe("pins", () => {
  it("keep what a fleet goes back to when it is pinned again at another size", () => {
    const again = withPin([pin("web-000001"), pin("web-000002")], pin("web-000001", { min: 6, lasting: 4 }));
    expect(again).toEqual([pin("web-000002"), pin("web-000001", { min: 6, lasting: 2 })]);
  });

  it("of another fleet do not decide what this one goes back to", () => {
    const made = pin("web-000002", { lasting: 3 });
    expect(withPin([pin("web-000001")], made)).toEqual([pin("web-000001"), made]);
  });

  it("of a deploy outlive the longest execution of the deploy machine", () => {
    expect(deployPinMs).toBeGreaterThan(6 * 3_600_000);
  });

  it("are all due once nothing is under way, but that of the hot standby", () => {
    const pins = [pin("web-000001"), pin("web-000002")];
    expect(duePins(pins, "web-000001", nowMs)).toEqual([pin("web-000002")]);
    expect(duePins(pins, undefined, nowMs)).toEqual(pins);
  });

  it("end with their time, the standby's too, whoever made them", () => {
    const over = pin("web-000001", { until: "2026-01-01T12:00:00Z" });
    expect(duePins([over], "web-000001", nowMs)).toEqual([over]);
    expect(expiredPins([over, pin("web-000002")], nowMs)).toEqual([over]);
  });
});
