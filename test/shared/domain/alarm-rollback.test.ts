import { describe, expect, it } from "vitest";
import { judgeAlarm } from "../../../shared/domain/alarm-rollback.ts";
import { emptyHead, type Head } from "../../../shared/domain/head.ts";

const minutes = (count: number) => new Date(Date.parse("2026-01-01T12:00:00Z") + count * 60_000).toISOString();

/** Version 2 is live since noon, version 1 stands by for an hour. */
const head: Head = {
  ...emptyHead("web"),
  live: { generation: "web-000002", since: minutes(0) },
  standby: { generation: "web-000001", until: minutes(60) },
};
const view: Parameters<typeof judgeAlarm>[0] = {
  head,
  live: { spec: { alarms: ["errors"], observeSeconds: 30 } },
  alarm: { name: "errors", at: minutes(10) },
  candidateServes: false,
  state: "ALARM",
  lookBackSeconds: 60,
  nowMs: Date.parse(minutes(11)),
};
const rollback = { kind: "rollback" as const, time: minutes(10), tieBreak: "other" };

describe("an alarm that turned red", () => {
  it("moves production back to the standby within its hot window", () => {
    expect(judgeAlarm(view)).toEqual({ kind: "roll-back", to: "web-000001" });
  });

  it("counts from the last step on, which was observed before the release was live", () => {
    const at = (offsetMs: number) => new Date(Date.parse(minutes(-0.5)) + offsetMs).toISOString();
    expect(judgeAlarm({ ...view, alarm: { name: "errors", at: at(0) } }).kind).toBe("roll-back");
    expect(judgeAlarm({ ...view, alarm: { name: "errors", at: at(-1) } }).kind).toBe("skip");
    expect(judgeAlarm({ ...view, alarm: { name: "errors", at: minutes(-0.4) } }).kind).toBe("roll-back");
  });

  it.each([
    ["is not the release's", { live: { spec: { alarms: ["latency"], observeSeconds: 30 } } }, "does not name"],
    ["finds a release without alarms", { live: { spec: { observeSeconds: 30 } } }, "does not name"],
    ["was overridden", { live: { ...view.live, override: "the fix" } as never }, "in spite of alarms (the fix)"],
    ["comes when the live release is not known", { live: undefined }, "no live release"],
    ["comes when nothing is live", { head: { ...head, live: null } }, "no live release"],
    ["comes when nothing stands by", { head: { ...head, standby: null } }, "the hot window of web is over"],
    ["comes after the window", { nowMs: Date.parse(minutes(60)) }, "the hot window of web is over"],
    ["was red before the release took over", { alarm: { name: "errors", at: minutes(-1) } }, "was red before"],
    ["is green again", { state: "OK" as const }, "not red any more"],
    ["is gone", { state: undefined }, "not red any more"],
    [
      "would go forward again after a rollback",
      {
        head: {
          ...head,
          live: { generation: "web-000001", since: minutes(0) },
          standby: { generation: "web-000002", until: minutes(60) },
        },
      },
      "nothing goes forward by itself",
    ],
    [
      "finds a rollback under way",
      { head: { ...head, pending: { execution: "other", generation: "web-000001" }, newestIntent: rollback } },
      "a rollback of web is under way",
    ],
    [
      "may speak of a candidate that requests were just taken from",
      { head: { ...head, returnedAt: minutes(6) } },
      "may still speak of",
    ],
  ])("moves nothing when it %s", (_title, change, reason) => {
    expect(judgeAlarm({ ...view, ...change })).toEqual({ kind: "skip", reason: expect.stringContaining(reason) });
  });

  it("counts again five minutes after requests went back", () => {
    expect(judgeAlarm({ ...view, head: { ...head, returnedAt: minutes(5) } }).kind).toBe("roll-back");
  });

  it.each([
    ["looks back over ten minutes", 600, -1.9, "skip"],
    ["looked back over ten minutes, which are over", 600, -2, "roll-back"],
    ["does not say how far it looks back: an hour is assumed", undefined, -51.9, "skip"],
    ["does not say it, and the hour is over", undefined, -52, "roll-back"],
  ])(
    "after requests went back it may speak of the other release for as long as it %s",
    (_title, lookBackSeconds, returned, kind) => {
      // It turned red at minute 10; what came in a minute is counted and judged by two minutes later.
      const since = { ...head, live: { generation: "web-000002", since: minutes(-60) }, returnedAt: minutes(returned) };
      expect(judgeAlarm({ ...view, head: since, lookBackSeconds }).kind).toBe(kind);
    },
  );

  it("is left to a drill that watches it, for two minutes", () => {
    const drill = { execution: "drill", generation: "web-000001", percent: 1, seconds: 60, at: minutes(9) };
    const drilling = { ...view, head: { ...head, drill } };
    expect(judgeAlarm(drilling)).toEqual({ kind: "wait", reason: "a drill of web watches errors itself" });
    expect(judgeAlarm({ ...drilling, nowMs: Date.parse(minutes(12)) }).kind).toBe("roll-back");
  });

  it("is not held up by a rollback that has ended, and goes from one generation to no other than an older one", () => {
    expect(judgeAlarm({ ...view, head: { ...head, newestIntent: rollback } }).kind).toBe("roll-back");
    const same = { ...head, standby: { generation: "web-000002", until: minutes(60) } };
    expect(judgeAlarm({ ...view, head: same })).toMatchObject({
      kind: "skip",
      reason: expect.stringContaining("nothing goes forward by itself"),
    });
    const first = { ...head, standby: { generation: "web-000000", until: minutes(60) } };
    expect(judgeAlarm({ ...view, head: first })).toEqual({ kind: "roll-back", to: "web-000000" });
  });

  it("comes a moment before the window ends, and rolls back", () => {
    const last = { ...view, alarm: { name: "errors", at: minutes(59) }, nowMs: Date.parse(minutes(60)) - 1 };
    expect(judgeAlarm(last).kind).toBe("roll-back");
  });

  it("is left to whatever moves traffic, though it cannot be named", () => {
    expect(judgeAlarm({ ...view, candidateServes: true })).toEqual({
      kind: "wait",
      reason: "the deploy of another release watches errors itself",
    });
  });

  it("leaves it to a deploy that observes, and after two minutes for good", () => {
    const pending = { execution: "deploy", generation: "web-000003" };
    const observed = { ...view, head: { ...head, pending }, candidateServes: true };
    expect(judgeAlarm(observed)).toMatchObject({ kind: "wait", reason: expect.stringContaining("web-000003") });
    expect(judgeAlarm({ ...observed, nowMs: Date.parse(minutes(12)) }).kind).toBe("skip");
  });

  it("does not wait for a deploy that has no requests yet", () => {
    const pending = { execution: "deploy", generation: "web-000003" };
    expect(judgeAlarm({ ...view, head: { ...head, pending } }).kind).toBe("roll-back");
  });
});
