import { describe, expect, it } from "vitest";
import { emptyHead, type Head } from "../../../shared/domain/head.ts";
import type { OwnImage } from "../../../shared/domain/image-plan.ts";
import { holdersIn, ledgerUses } from "../../../shared/domain/image-uses.ts";

const generation = (ordinal: number) => `web-${String(ordinal).padStart(6, "0")}`;

const head: Head = {
  ...emptyHead("web"),
  nextOrdinal: 8,
  live: { generation: generation(6), since: "" },
  standby: { generation: generation(5), until: "" },
  pending: { execution: "x", generation: generation(7) },
  pinned: [{ generation: generation(2), by: "ann", at: "", reason: "" }],
  kept: [generation(4)],
  known: [generation(3)],
};

function made(ordinal: number): OwnImage {
  return {
    imageId: `ami-${ordinal}`,
    name: `kiln/dev/web/${ordinal}`,
    generation: generation(ordinal),
    state: "available",
    protectedBy: undefined,
  };
}

describe("who needs images", () => {
  it("is everything that serves, may serve again, is under way or may own something", () => {
    expect(holdersIn(head)).toEqual([
      { generation: "web-000006", why: "web-000006 is live" },
      { generation: "web-000005", why: "web-000005 stands by" },
      { generation: "web-000007", why: "web-000007 is under way" },
      { generation: "web-000002", why: "web-000002 was pinned by ann" },
      { generation: "web-000004", why: "web-000004 is kept for a cold rollback" },
      { generation: "web-000003", why: "web-000003 may own something still" },
    ]);
    expect(holdersIn(emptyHead("web"))).toEqual([]);
  });

  it("is told by the image that was made for a generation, and by the name of what it contains", () => {
    const only = {
      ...emptyHead("web"),
      nextOrdinal: 7,
      live: { generation: generation(6), since: "" },
      kept: [generation(6)],
    };
    const { uses, incomplete } = ledgerUses("dev", only, [made(6), made(1)], () => "abc");
    expect([...uses]).toEqual([
      ["ami-6", "web-000006 is live"],
      ["kiln/dev/web/abc", "web-000006 is live"],
    ]);
    expect(incomplete).toBeUndefined();
    const byImage = ledgerUses("dev", only, [made(6)], () => undefined);
    expect([...byImage.uses]).toEqual([["ami-6", "web-000006 is live"]]);
    const byContent = ledgerUses("dev", only, [], () => "abc");
    expect([...byContent.uses]).toEqual([["kiln/dev/web/abc", "web-000006 is live"]]);
  });

  it("is not all of them when a release that has to be there is not", () => {
    const known = (generations: readonly string[]) => (one: string) => (generations.includes(one) ? one : undefined);
    const rest = [2, 4, 5, 7].map(generation);
    expect(ledgerUses("dev", head, [], known(rest)).incomplete).toBe(
      "the ledger has no release web-000006, but web-000006 is live",
    );
    expect(ledgerUses("dev", head, [made(6)], known(rest)).incomplete).toBeUndefined();
    expect(ledgerUses("dev", head, [], known([...rest, generation(6)])).incomplete).toBeUndefined();
  });

  it("is nobody that can be trusted when the head never gave out the generation of an image", () => {
    const why = "the ledger has never heard of web-000006, and ami-6 is of it";
    const old = (nextOrdinal: number) => ({ ...emptyHead("web"), nextOrdinal });
    expect(ledgerUses("dev", old(6), [made(1), made(6)], () => "abc")).toEqual({ uses: new Map(), incomplete: why });
    expect(ledgerUses("dev", old(7), [made(1), made(6)], () => "abc").incomplete).toBeUndefined();
    const stranger = { ...made(6), generation: "api-000001" };
    expect(ledgerUses("dev", old(7), [stranger], () => "abc").incomplete).toMatch("never heard of api-000001");
  });

  it("never needs an image for generation 0", () => {
    const zero = { ...emptyHead("web"), pending: { execution: "x", generation: generation(0) } };
    expect(ledgerUses("dev", zero, [], () => undefined).incomplete).toBeUndefined();
  });
});
