import { describe, expect, it } from "vitest";
import { emptyHead, rollbackTarget } from "../../../shared/domain/head.ts";
import type { Part, Release } from "../../../shared/domain/release.ts";
import {
  malformedId,
  type Revocation,
  revocationOf,
  revocationText,
  revokedIn,
  withoutRevocation,
  withRevocation,
  withRevocations,
} from "../../../shared/domain/revocation.ts";

const part = (digit: string, zip?: string): Part => ({
  name: "app",
  key: "web/1.zip",
  versionId: "1",
  bytes: 1,
  unpackedBytes: 1,
  sha256: digit.repeat(64),
  ...(zip !== undefined && { zip: { bytes: 1, sha256: zip.repeat(64) } }),
});
const made = {
  generation: "web-000002",
  base: { name: "al2023", imageId: "ami-0123456789abcdef0", architecture: "x86_64" as const },
  layers: [part("b")],
  artifact: part("a", "c"),
};
const released = (one: typeof made) => one as unknown as Release;
const revoked = (kind: Revocation["kind"], id: string): Revocation => ({ kind, id, reason: "CVE", by: "ann", at: "" });

describe("a revocation", () => {
  it.each([
    ["base", "ami-0123456789abcdef0"],
    ["layer", "b".repeat(64)],
    ["layer", "b".repeat(12)],
    ["artifact", "a".repeat(12)],
    ["artifact", "c".repeat(64)],
    ["release", "web-000002"],
  ] as const)("of %s %s meets the release that is made of it", (kind, id) => {
    expect(revocationOf(made, [revoked(kind, id)])).toMatchObject({ kind, id });
  });

  it.each([
    ["base", "ami-0123456789abcdef1"],
    ["layer", "a".repeat(64)],
    ["artifact", "b".repeat(64)],
    ["release", "web-000003"],
  ] as const)("of %s %s meets no other", (kind, id) => {
    expect(revocationOf(made, [revoked(kind, id)])).toBeUndefined();
  });

  it.each([
    ["layer", "b1".repeat(6)],
    ["artifact", "a1".repeat(6)],
    ["artifact", "c1".repeat(6)],
  ] as const)("of %s %s meets a part by the beginning of its digest, not by its end", (kind, id) => {
    const ending = (start: string) => ({ ...part("0"), sha256: `${start}${"0".repeat(52)}` });
    const zip = { bytes: 1, sha256: `${"c1".repeat(6)}${"0".repeat(52)}` };
    const beginning = {
      ...made,
      layers: [part("d"), ending("b1".repeat(6))],
      artifact: { ...ending("a1".repeat(6)), zip },
    };
    expect(revocationOf(beginning, [revoked(kind, id)])).toMatchObject({ kind, id });
    expect(revocationOf(beginning, [revoked(kind, "0".repeat(12))])).toBeUndefined();
  });

  it("of an artifact does not meet a release whose artifact was no zip, unless it is that artifact", () => {
    const plain = { ...made, artifact: part("a") };
    expect(revocationOf(plain, [revoked("artifact", "c".repeat(64))])).toBeUndefined();
    expect(revocationOf(plain, [revoked("artifact", "a".repeat(64))])).toBeDefined();
  });

  it.each([
    ["base", "ami-0123456789abcdef0"],
    ["base", "ami-01234567"],
    ["layer", "0".repeat(12)],
    ["artifact", "f".repeat(64)],
    ["release", "web.blue-1000000"],
  ] as const)("takes a %s called %s", (kind, id) => {
    expect(malformedId(kind, id)).toBeUndefined();
  });

  it.each([
    ["base", "ami-0123456"],
    ["base", "ami-0123456789abcdef01"],
    ["base", "an ami-01234567"],
    ["layer", "0".repeat(11)],
    ["layer", "0".repeat(65)],
    ["artifact", `${"0".repeat(12)}.zip`],
    ["artifact", `sha256:${"0".repeat(12)}`],
    ["release", "web-00001"],
    ["release", "-000001"],
    ["release", "web-000001x"],
    ["base", "al2023"],
    ["layer", "abc"],
    ["artifact", "web/1.zip"],
    ["release", "web"],
  ] as const)("takes no %s called %s", (kind, id) => {
    expect(malformedId(kind, id)).toBeDefined();
  });

  it("stays as it was made when it is repeated, and goes when it is taken back", () => {
    const first = withRevocation([], revoked("base", "ami-0123456789abcdef0"));
    expect(withRevocation(first, { ...revoked("base", "ami-0123456789abcdef0"), by: "bob" })).toEqual(first);
    expect(withoutRevocation(first, { kind: "base", id: "ami-0123456789abcdef0" })).toEqual([]);
    expect(withoutRevocation(first, { kind: "layer", id: "ami-0123456789abcdef0" })).toEqual(first);
    expect(withoutRevocation(first, { kind: "base", id: "ami-0123456789abcdef1" })).toEqual(first);
  });

  it("is added behind those that stand, whichever of them it repeats", () => {
    const [one, other] = [revoked("base", "ami-0123456789abcdef0"), revoked("release", "web-000002")];
    const both = withRevocation(withRevocation([], one), other);
    expect(both).toEqual([one, other]);
    expect(withRevocation(both, { ...one, by: "bob" })).toEqual(both);
    expect(withRevocation(both, { ...other, by: "bob" })).toEqual(both);
    expect(withoutRevocation(both, one)).toEqual([other]);
  });

  it("is told with who made it and why", () => {
    expect(revocationText(revoked("base", "ami-1"))).toBe("base ami-1 was revoked by ann: CVE");
  });
});

describe("a head with revoked releases", () => {
  const live = { generation: "web-000004", since: "" };
  const standby = { generation: "web-000003", until: "" };
  const head = { ...emptyHead("web"), live, standby, kept: ["web-000001", "web-000002", "web-000003", "web-000004"] };
  const base = revoked("base", "ami-0123456789abcdef0");
  const named = (one: Revocation, ...generations: string[]) => ({
    ...head,
    revoked: generations.map((generation) => ({ ...one, generation })),
  });

  it("sends a rollback past them to the newest good release", () => {
    expect(rollbackTarget(head, "web-000004")).toBe("web-000003");
    expect(rollbackTarget(named(base, "web-000003", "web-000002"), "web-000004")).toBe("web-000001");
    expect(rollbackTarget(named(base, "web-000001", "web-000002", "web-000003"), "web-000004")).toBeUndefined();
  });

  it("names the releases that fall under what is revoked, and stays the same once it does", () => {
    const after = withRevocations(head, [released(made)], [base]);
    expect(after.revoked).toEqual([{ ...base, generation: "web-000002" }]);
    expect(withRevocations(after, [released(made)], [base])).toBe(after);
    expect(withRevocations(head, [released(made)], [revoked("base", "ami-0123456789abcdef1")])).toBe(head);
  });

  it("names each of several releases for each of several reasons, once", () => {
    const other = released({ ...made, generation: "web-000003" });
    const itself = revoked("release", "web-000003");
    const one = withRevocations(head, [released(made)], [base]);
    const both = withRevocations(one, [released(made), other], [base, itself]);
    expect(both.revoked).toEqual([
      { ...base, generation: "web-000002" },
      { ...base, generation: "web-000003" },
      { ...itself, generation: "web-000003" },
    ]);
    expect(withRevocations(both, [released(made), other], [base, itself])).toBe(both);
    expect([revokedIn(both, "web-000003"), revokedIn(both, "web-000004"), revokedIn(head, "web-000003")]).toEqual([
      { ...base, generation: "web-000003" },
      undefined,
      undefined,
    ]);
  });

  it("forgets what was taken back, and keeps a release revoked for which another reason stands", () => {
    const itself = revoked("release", "web-000002");
    const twice = withRevocations(head, [released(made)], [base, itself]);
    expect(twice.revoked).toHaveLength(2);
    expect(revokedIn(withRevocations(twice, [released(made)], [itself]), "web-000002")).toMatchObject(itself);
    expect(withRevocations(twice, [], []).revoked).toEqual([]);
  });

  it("still names a release that nothing holds any more", () => {
    expect(withRevocations(named(base, "web-000001"), [], [base])).toEqual(named(base, "web-000001"));
  });

  it("meets the release that runs the image of a revoked experiment's", () => {
    const promoted = { ...made, promotedFrom: { experiment: "web.blue", generation: "web.blue-000001" } };
    expect(revocationOf(promoted, [revoked("release", "web.blue-000001")])).toBeDefined();
  });
});
