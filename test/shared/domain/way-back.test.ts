import { describe, expect, it } from "vitest";
import {
  announcementOf,
  emptyWayBack,
  expectedSeconds,
  judgeWayBack,
  type WayBack,
  withMeasured,
} from "../../../shared/domain/way-back.ts";

const sound = {
  isHotWindow: true,
  isFleetReady: true,
  imageState: "available",
  hasTemplateVersion: true,
  keyState: "Enabled",
};

describe("the way back", () => {
  it.each([
    ["all is there", {}, "hot", []],
    ["the hot window is over", { isHotWindow: false, isFleetReady: false }, "cold", []],
    ["the standby is ill", { isFleetReady: false }, "cold", ["its fleet is not healthy enough to take over"]],
    ["the image is gone, and the fleet stands", { imageState: "absent" }, "hot", ["its image is absent"]],
    [
      "the image is disabled, and no fleet stands",
      { isHotWindow: false, isFleetReady: false, imageState: "disabled" },
      "lost",
      ["its image is disabled"],
    ],
    [
      "the template version is gone",
      { isHotWindow: false, isFleetReady: false, hasTemplateVersion: false },
      "lost",
      ["its launch template version is gone"],
    ],
    [
      "the key is about to be deleted",
      { isHotWindow: false, isFleetReady: false, keyState: "PendingDeletion" },
      "lost",
      ["the key of its image is PendingDeletion"],
    ],
  ])("when %s", (_title, change, way, problems) => {
    expect(judgeWayBack({ ...sound, ...change })).toMatchObject({ way, problems });
  });

  const at = (promised: WayBack["promised"], way: WayBack["way"]): WayBack => ({ ...emptyWayBack(), promised, way });

  it.each([
    ["worse than promised, at the first proof", undefined, at("hot", "cold"), "lost"],
    ["as promised, at the first proof", undefined, at("hot", "hot"), undefined],
    ["lost", at("cold", "cold"), at("cold", "lost"), "lost"],
    ["lost still", at("cold", "lost"), at("cold", "lost"), undefined],
    ["there again", at("cold", "lost"), at("cold", "cold"), "regained"],
    ["cold because the window is over", at("hot", "hot"), at("cold", "cold"), undefined],
  ])("%s: it is announced once", (_title, before, after, announced) => {
    expect(announcementOf(before, after)).toBe(announced);
  });

  it("is expected to take as long as most rollbacks of its kind took", () => {
    let record = emptyWayBack();
    expect(expectedSeconds(record.measured, "hot")).toBeUndefined();
    for (const seconds of [200, 9, 10, 11, 12]) record = withMeasured(record, "hot", seconds);
    expect(expectedSeconds(record.measured, "hot")).toBe(11);
    expect(expectedSeconds(record.measured, "cold")).toBeUndefined();
    expect(expectedSeconds(record.measured, "lost")).toBeUndefined();
    for (let more = 0; more < 20; more++) record = withMeasured(record, "hot", 30);
    expect(record.measured.hot).toHaveLength(9);
  });
});
