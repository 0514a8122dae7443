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

describe("the turn of a service", () => {
  const iso = (ms: number) => new Date(ms).toISOString();
  const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
  const daily = (from: string, to: string) => [{ days: [...days], from, to, timeZone: "UTC" }];
  const freeze = (untilMs: number | null) => ({
    reason: "the sale",
    by: "ann",
    at: "2026-11-20T00:00:00Z",
    until: untilMs === null ? null : iso(untilMs),
  });

  it("is none where no service is due, and at once for a single one", () => {
    expect(turnsOf([], four)).toEqual([]);
    expect(turnsOf([due("web")], four)).toEqual([{ service: "web", startAt: iso(four) }]);
  });

  it("comes in the order of digests, which is not that of names", () => {
    const turns = turnsOf([due("a", { digest: "2" }), due("b", { digest: "1" }), due("c", { digest: "3" })], four);
    expect(turns).toEqual([
      { service: "b", startAt: iso(four) },
      { service: "a", startAt: iso(four + 5 * minuteMs) },
      { service: "c", startAt: iso(four + 10 * minuteMs) },
    ]);
  });

  it("is five minutes after the one before while that fits into four hours, and earlier when there are more", () => {
    const lastOf = (count: number) => {
      const turns = turnsOf(
        Array.from({ length: count }, (_, index) => due(`s${index}`, { digest: String(index).padStart(4, "0") })),
        four,
      );
      return startOf(turns.at(-1)) - four;
    };
    expect(lastOf(48)).toBe(47 * 5 * minuteMs);
    expect(lastOf(96)).toBe(95 * 2.5 * minuteMs);
    expect(lastOf(960)).toBe(959 * 15_000);
  });

  it("comes when a window opens, without the spread where the window is too short for it", () => {
    const windows = daily("09:00", "09:10");
    const turns = turnsOf(
      Array.from({ length: 4 }, (_, index) => due(`s${index}`, { digest: `${index}`, windows })),
      four,
    );
    const opensMs = four + 5 * hourMs;
    expect(turns.map(startOf)).toEqual([opensMs, opensMs + 5 * minuteMs, opensMs, opensMs]);
  });

  it("comes when a freeze ends by itself within a day, and not today when it ends later", () => {
    const turn = (untilMs: number | null) => turnsOf([due("web", { freezes: [freeze(untilMs)] })], four)[0];
    expect(turn(four + 24 * hourMs)).toEqual({ service: "web", startAt: iso(four + 24 * hourMs) });
    expect(turn(four + 24 * hourMs + 1)).toEqual({ service: "web", held: expect.stringContaining("the sale") });
    expect(turn(null)).toEqual({ service: "web", held: expect.stringContaining("until it is thawed") });
    // One that ends before its turn comes holds nothing up.
    const [first, second] = turnsOf(
      [due("web", { digest: "1" }), due("api", { digest: "2", freezes: [freeze(four + 4 * minuteMs)] })],
      four,
    );
    expect([first, second]).toEqual([
      { service: "web", startAt: iso(four) },
      { service: "api", startAt: iso(four + 5 * minuteMs) },
    ]);
  });

  it("does not come at the end of a freeze that lies outside the window", () => {
    const held = due("web", { freezes: [freeze(four + 3 * hourMs)], windows: daily("09:00", "17:00") });
    expect(turnsOf([held], four)).toEqual([{ service: "web", held: expect.stringContaining("the sale") }]);
    const free = due("web", { freezes: [freeze(four + 6 * hourMs)], windows: daily("09:00", "17:00") });
    expect(turnsOf([free], four)).toEqual([{ service: "web", startAt: iso(four + 6 * hourMs) }]);
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

describe("a release on a golden base", () => {
  const golden = (digest: string, imageId = "ami-1") => ({
    name: "hardened",
    imageId,
    architecture: "x86_64" as const,
    golden: { recipe: "hardened", recipeDigest: "r", digest },
  });
  const present = golden("a".repeat(64));
  const stale = (base: ReturnType<typeof golden> | undefined) =>
    staleness({ release: releaseWith({ base: present }), base, fleetCreatedAt: undefined }, four);

  it("is stale once its recipe makes another image, told by the first digits of both", () => {
    expect(stale(golden("b".repeat(64), "ami-2"))).toBe(
      "base hardened changed from aaaaaaaaaaaa on ami-1 to bbbbbbbbbbbb on ami-2",
    );
  });

  it("is not stale while recipe and parent are what they were, or while nothing is known of its base", () => {
    expect(stale(golden("a".repeat(64)))).toBeUndefined();
    expect(stale(golden("a".repeat(64), "ami-2"))).toBeUndefined();
    expect(stale(undefined)).toBeUndefined();
  });

  it("has no age without a fleet", () => {
    const limited = releaseWith({ base: present, spec: specWith({ refresh: { maxAgeDays: 30 } }) });
    expect(staleness({ release: limited, base: undefined, fleetCreatedAt: undefined }, four)).toBeUndefined();
    const fleetCreatedAt = new Date(four - 30 * 24 * hourMs - 1).toISOString();
    expect(staleness({ release: limited, base: undefined, fleetCreatedAt }, four)).toBe(
      "its fleet is 30 days old, its limit is 30",
    );
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

  it("are remembered with when and why, the last three of them, and the first pause stays", () => {
    const causes = ["web-000002", "web-000003", "web-000004", "web-000005"];
    const heads = [emptyHead("web")];
    for (const cause of causes) heads.push(withRefreshFailure(heads.at(-1) ?? emptyHead("web"), failure(cause)));
    const [, , two, three, all] = heads;
    expect(two?.refresh).toEqual({ failures: causes.slice(0, 2).map(failure), paused: null });
    expect(three?.refresh).toEqual({
      failures: causes.slice(0, 3).map(failure),
      paused: {
        at: "2026-11-23T04:00:00.000Z",
        cause: "web-000004",
        why: "3 refreshes in a row failed, the last with ValidationFailedError",
      },
    });
    expect(all?.refresh?.failures.map(({ cause }) => cause)).toEqual(causes.slice(1));
    expect(all?.refresh?.paused).toEqual(three?.refresh?.paused);
  });

  it("are forgotten by a resumption also before there are too many, and a head without any stays as it is", () => {
    const failed = withRefreshFailure(emptyHead("web"), failure("web-000002"));
    expect(withRefreshResumed(failed).refresh).toEqual({ failures: [], paused: null });
    const none = emptyHead("web");
    expect(withRefreshResumed(none)).toBe(none);
  });

  it("are kept by a pause for a rollback, which changes no pause that is there", () => {
    const failed = withRefreshFailure(emptyHead("web"), failure("web-000002"));
    const paused = withRefreshUndone(failed, "web-000005", "2026-11-23T05:00:00.000Z");
    expect(paused.refresh).toEqual({
      failures: [failure("web-000002")],
      paused: {
        at: "2026-11-23T05:00:00.000Z",
        cause: "web-000005",
        why: "web-000005, which a refresh had made, was rolled back",
      },
    });
    expect(withRefreshUndone(paused, "web-000006", "2026-11-23T06:00:00.000Z")).toBe(paused);
  });
});
