import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../../shared/digests.ts";
import { emptyHead } from "../../../shared/domain/head.ts";
import {
  type DueService,
  staleness,
  type Turn,
  turnsOf,
  withRefreshFailure,
  withRefreshResumed,
  withRefreshUndone,
} from "../../../shared/domain/refresh.ts";
import { releaseWith, specWith } from "../../cli/support/releases.ts";

const four = Date.parse("2026-11-23T04:00:00Z");
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

function due(service: string, more: Partial<DueService> = {}): DueService {
  return { service, digest: sha256Hex(service), windows: [], freezes: [], ...more };
}

function startOf(turn: Turn | undefined): number {
  return turn && "startAt" in turn ? Date.parse(turn.startAt) : Number.NaN;
}

describe("the turns of a refresh", () => {
  it("let no two of a hundred services begin in the same minute, all within four hours", () => {
    const turns = turnsOf(
      Array.from({ length: 100 }, (_, index) => due(`service-${index}`)),
      four,
    );
    const minutes = turns.map((turn) => Math.floor((startOf(turn) - four) / minuteMs));
    expect(new Set(minutes).size).toBe(100);
    expect(Math.min(...minutes)).toBe(0);
    expect(Math.max(...minutes)).toBeLessThan(240);
  });

  it("are the same whatever order the services are found in", () => {
    const some = ["web", "api", "till", "mail"].map((service) => due(service));
    const byName = (turns: Turn[]) => turns.map((turn) => [turn.service, startOf(turn)]).sort();
    expect(byName(turnsOf([...some].reverse(), four))).toEqual(byName(turnsOf(some, four)));
  });

  it("are five minutes apart when there are few", () => {
    const starts = turnsOf([due("web"), due("api"), due("till")], four).map(startOf);
    expect(starts.sort()).toEqual([four, four + 5 * minuteMs, four + 10 * minuteMs]);
  });

  it("wait for a window that opens within a day, still one after another", () => {
    const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
    const windows = [{ days: [...days], from: "09:00", to: "17:00", timeZone: "UTC" }];
    const starts = turnsOf([due("web", { windows }), due("api", { windows })], four).map(startOf);
    expect(starts.sort()).toEqual([four + 5 * hourMs, four + 5 * hourMs + 5 * minuteMs]);
  });

  it("leave out a service whose window opens later than that, or that is frozen, with the reason", () => {
    // The 23rd is a Monday.
    const windows = [{ days: ["thu" as const], from: "09:00", to: "17:00", timeZone: "UTC" }];
    const freeze = { reason: "the sale", by: "ann", at: "2026-11-20T00:00:00Z", until: null };
    const turns = turnsOf([due("web", { windows }), due("api", { freezes: [freeze] })], four);
    expect(turns).toContainEqual({ service: "web", held: expect.stringContaining("thu 09:00–17:00") });
    expect(turns).toContainEqual({ service: "api", held: expect.stringContaining("the sale") });
  });
});

describe("whether a live release is stale", () => {
  const base = { name: "al2023", imageId: "ami-1", architecture: "x86_64" } as const;
  const release = releaseWith({ base });
  const limited = releaseWith({ base, spec: specWith({ refresh: { maxAgeDays: 30 } }) });

  it.each([
    ["not while its base is what it was", { release, base, fleetCreatedAt: undefined }, undefined],
    [
      "once its base is another image",
      { release, base: { ...base, imageId: "ami-2" }, fleetCreatedAt: undefined },
      "base al2023 changed from ami-1 to ami-2",
    ],
    [
      "not by its age without a limit",
      { release, base, fleetCreatedAt: new Date(four - 900 * 24 * hourMs).toISOString() },
      undefined,
    ],
    [
      "not before its limit",
      { release: limited, base, fleetCreatedAt: new Date(four - 30 * 24 * hourMs).toISOString() },
      undefined,
    ],
    [
      "once its fleet is older than its limit",
      { release: limited, base, fleetCreatedAt: new Date(four - 31 * 24 * hourMs).toISOString() },
      "its fleet is 31 days old, its limit is 30",
    ],
  ])("%s", (_, subject, reason) => {
    expect(staleness(subject, four)).toBe(reason);
  });
});

describe("refreshes that fail", () => {
  const failure = (cause: string) => ({ cause, at: "2026-11-23T04:00:00.000Z", error: "ValidationFailedError" });

  it("pause the service at the third in a row, and count one that is told twice once", () => {
    const two = ["web-000002", "web-000002", "web-000003", "web-000003"].reduce(
      (head, cause) => withRefreshFailure(head, failure(cause)),
      emptyHead("web"),
    );
    expect(two.refresh?.paused).toBeNull();
    const three = withRefreshFailure(two, failure("web-000004"));
    expect(three.refresh?.paused).toMatchObject({
      cause: "web-000004",
      why: "3 refreshes in a row failed, the last with ValidationFailedError",
    });
    expect(withRefreshFailure(three, failure("web-000004"))).toBe(three);
  });

  it("begin to count anew once resumed", () => {
    const paused = withRefreshUndone(emptyHead("web"), "web-000005", "2026-11-23T05:00:00.000Z");
    expect(paused.refresh?.paused?.why).toBe("web-000005, which a refresh had made, was rolled back");
    const resumed = withRefreshResumed(paused);
    expect(resumed.refresh).toEqual({ failures: [], paused: null });
    expect(withRefreshResumed(resumed)).toBe(resumed);
  });
});
