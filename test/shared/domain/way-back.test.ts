import { describe, expect, it } from "vitest";
import {
  announcementOf,
  emptyWayBack,
  expectedSeconds,
  isReady,
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

  it("is promised hot while the window lasts, and all that is missing is told together", () => {
    expect(judgeWayBack(sound)).toEqual({ promised: "hot", way: "hot", problems: [] });
    const ill = {
      isHotWindow: true,
      isFleetReady: false,
      imageState: "absent",
      hasTemplateVersion: false,
      keyState: "gone",
    };
    expect(judgeWayBack(ill)).toEqual({
      promised: "hot",
      way: "lost",
      problems: [
        "its fleet is not healthy enough to take over",
        "its image is absent",
        "its launch template version is gone",
        "the key of its image is gone",
      ],
    });
    expect(judgeWayBack({ ...sound, isHotWindow: false })).toEqual({ promised: "cold", way: "hot", problems: [] });
  });

  const at = (promised: WayBack["promised"], way: WayBack["way"]): WayBack => ({ ...emptyWayBack(), promised, way });

  it.each([
    ["worse than promised, at the first proof", undefined, at("hot", "cold"), "lost"],
    ["as promised, at the first proof", undefined, at("hot", "hot"), undefined],
    ["lost", at("cold", "cold"), at("cold", "lost"), "lost"],
    ["lost still", at("cold", "lost"), at("cold", "lost"), undefined],
    ["there again", at("cold", "lost"), at("cold", "cold"), "regained"],
    ["better than it was promised", at("cold", "lost"), at("cold", "hot"), "regained"],
    ["gone where nothing was promised before", at("none", "none"), at("cold", "lost"), "lost"],
    ["none where none was promised, at the first proof", undefined, at("none", "none"), undefined],
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

  it.each<[WayBack["promised"], WayBack["way"], boolean]>([
    ["hot", "hot", true],
    ["hot", "cold", false],
    ["hot", "lost", false],
    ["cold", "hot", true],
    ["cold", "cold", true],
    ["cold", "none", false],
    ["none", "none", true],
    ["none", "cold", true],
  ])("that was promised %s and is %s is ready: %s", (promised, way, expected) => {
    expect(isReady({ promised, way })).toBe(expected);
  });

  it("is measured for each kind by itself, in the order in which it was taken, nine times at most", () => {
    const begun = emptyWayBack();
    expect(begun).toEqual({
      provedAt: null,
      generation: null,
      promised: "none",
      way: "none",
      problems: [],
      measured: { hot: [], cold: [] },
    });
    const both = withMeasured(withMeasured(begun, "hot", 9), "cold", 200);
    expect(both.measured).toEqual({ hot: [9], cold: [200] });
    expect(begun.measured).toEqual({ hot: [], cold: [] });
    const many = Array.from({ length: 11 }, (_, index) => 100 - index).reduce(
      (record, seconds) => withMeasured(record, "cold", seconds),
      begun,
    );
    expect(many.measured.cold).toEqual([98, 97, 96, 95, 94, 93, 92, 91, 90]);
    expect(expectedSeconds(many.measured, "cold")).toBe(94);
    expect(many.measured.cold[0]).toBe(98);
    expect(expectedSeconds({ hot: [4, 8], cold: [] }, "hot")).toBe(8);
    expect(expectedSeconds(both.measured, "none")).toBeUndefined();
  });
});
