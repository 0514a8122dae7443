import { describe, expect, it } from "vitest";
import { production, type Rules } from "../../../scripts/model/call.ts";
import { explore } from "../../../scripts/model/explore.ts";
import { worldWith } from "../../../scripts/model/world.ts";

const one = { name: "deploy-1", kind: "deploy", intent: 1 } as const;
const two = { name: "deploy-2", kind: "deploy", intent: 2 } as const;
const canary = { ...one, shares: [10, 50] } as const;
const nextCanary = { ...two, shares: [10, 50] } as const;
const back = { name: "rollback", kind: "rollback", intent: 3 } as const;
const sweep = { name: "sweep", kind: "sweep", intent: 0 } as const;

describe("lease, head and traffic, in every order of calls", () => {
  it.each([
    ["a deploy and a sweep with two accidents", [one, sweep], 2],
    ["two deploys and a sweep with one accident", [one, two, sweep], 1],
    ["a rollback in the way of a deploy, and a sweep, with one accident", [one, back, sweep], 1],
    ["a deploy that moves traffic in steps, and a sweep, with two accidents", [canary, sweep], 2],
  ] as const)("keep their promises: %s", (_, actors, accidents) => {
    const { violation, ends } = explore(worldWith(actors, accidents), production);
    expect(violation).toBeUndefined();
    expect(ends).toBeGreaterThan(10);
  });
});

describe("the exploration", () => {
  it.each<[string, Partial<Rules>, Parameters<typeof worldWith>[0], number, RegExp]>([
    ["a takeover that waits for nothing", { waitAfterTakeover: false }, [one, sweep], 1, /^S6/],
    ["a deploy that goes on although a newer one has come", { newestWins: false }, [one, two], 0, /^[SLH]/],
    [
      "a fleet that goes while it has a share",
      { sharesServe: false },
      [canary, nextCanary, sweep],
      2,
      /^S1 never dark/,
    ],
    [
      "a share that never goes back",
      { sharesGoBack: false },
      [canary, sweep],
      1,
      /^L1 it ends: from here nothing does/,
    ],
  ])("finds %s", (_, mistake, actors, accidents, promise) => {
    const { violation } = explore(worldWith(actors, accidents), { ...production, ...mistake });
    expect(violation?.promise).toMatch(promise);
    expect(violation?.path.length).toBeGreaterThan(5);
  });

  it("says so when a world is too large to be explored to its end", () => {
    expect(() => explore(worldWith([one, two, back, sweep], 1), production, 1000)).toThrow("more than 1000 states");
  });
});
