import { describe, expect, it } from "vitest";
import { emptyHead, type Head } from "../../../shared/domain/head.ts";
import type { Revocable } from "../../../shared/domain/revocation.ts";
import {
  answerInput,
  answerName,
  answerToRevocation,
  endedIfRevoked,
} from "../../../shared/domain/revocation-answer.ts";

const at = "2026-11-23T12:00:00.000Z";
const revoked = (generation: string, ...kinds: Revocable[]) =>
  kinds.map((kind) => ({ kind, id: "it", reason: "CVE", by: "ann", at, generation }));

const live = { generation: "web-000002", since: at };
const head: Head = { ...emptyHead("web"), live, kept: ["web-000001", "web-000002"] };

describe("the answer to a revocation of what is live", () => {
  it.each([
    ["base", "refresh"],
    ["layer", "refresh"],
    ["artifact", "rollback"],
    ["release", "rollback"],
  ] as const)("of a %s is a %s", (kind, expected) => {
    const answer = answerToRevocation({ ...head, revoked: revoked("web-000002", kind) });
    expect(answer?.kind).toBe(expected);
  });

  it("is a rollback when its base and its artifact are both revoked: deploying again would bring the artifact back", () => {
    const answer = answerToRevocation({ ...head, revoked: revoked("web-000002", "base", "artifact") });
    expect(answer).toMatchObject({ kind: "rollback", to: "web-000001" });
  });

  it("is left to a person when every release to go back to is revoked as well, or there is none", () => {
    const both = [...revoked("web-000001", "artifact"), ...revoked("web-000002", "artifact")];
    expect(answerToRevocation({ ...head, revoked: both })?.kind).toBe("push");
    expect(answerToRevocation({ ...head, kept: [], revoked: revoked("web-000002", "release") })?.kind).toBe("push");
  });

  it("is nothing when only a release is revoked that does not serve", () => {
    expect(answerToRevocation({ ...head, revoked: revoked("web-000001", "base") })).toBeUndefined();
    expect(answerToRevocation(head)).toBeUndefined();
  });

  it("has one name, whoever starts it, and another once it was revoked anew", () => {
    const [one = fail()] = revoked("web-000002", "base");
    expect(answerName(one)).toBe("revoked-web-000002-20261123120000000");
    expect(answerName({ ...one, at: "2026-11-24T12:00:00.000Z" })).not.toBe(answerName(one));
    const longest = `${"a".repeat(24)}-000001`;
    expect(answerName({ ...one, generation: longest }).length).toBeLessThanOrEqual(80);
  });

  it("asks of refresh to begin at once, and of rollback for the release that was chosen", () => {
    const asked = (kind: Revocable) => {
      const answer = answerToRevocation({ ...head, revoked: revoked("web-000002", kind) });
      return answer && answer.kind !== "push" ? answerInput("web", answer) : undefined;
    };
    const reason = (kind: Revocable) => `${kind} it was revoked by ann: CVE`;
    expect(asked("base")).toEqual({ service: "web", now: true, reason: reason("base") });
    expect(asked("release")).toEqual({ service: "web", to: "web-000001", reason: reason("release") });
  });

  it("asks with as much of a long reason as both machines take", () => {
    const [one = fail()] = revoked("web-000002", "base");
    const long = { kind: "refresh", revoked: { ...one, reason: "x".repeat(500) } } as const;
    expect(answerInput("web", long)).toHaveProperty("reason", `base it was revoked by ann: ${"x".repeat(372)}`);
  });
});

describe("an experiment that runs something revoked", () => {
  const experiment = { until: "2026-11-24T12:00:00.000Z", size: 1 };
  const tried: Head = {
    ...emptyHead("web.blue"),
    live: { generation: "web.blue-000002", since: at },
    experiment,
  };
  const nowMs = Date.parse(at);

  it("ends now, and is neither refreshed nor rolled back", () => {
    const after = endedIfRevoked({ ...tried, revoked: revoked("web.blue-000002", "base") }, nowMs);
    expect(after.experiment?.ended).toBe(at);
    expect(answerToRevocation(after)).toBeUndefined();
  });

  it("ends by what is under way too, or by one of several that are revoked", () => {
    const pending = { execution: "x", generation: "web.blue-000003" };
    const several = [...revoked("web.blue-000001", "base"), ...revoked("web.blue-000003", "layer")];
    expect(endedIfRevoked({ ...tried, live: null, pending, revoked: several }, nowMs).experiment?.ended).toBe(at);
  });

  it("that has ended keeps its end, and a service has none", () => {
    const before = { ...experiment, ended: "2026-11-22T12:00:00.000Z" };
    const over = { ...tried, experiment: before, revoked: revoked("web.blue-000002", "base") };
    expect(endedIfRevoked(over, nowMs)).toBe(over);
    const service = { ...head, revoked: revoked("web-000002", "base") };
    expect(endedIfRevoked(service, nowMs)).toBe(service);
    expect(endedIfRevoked(tried, nowMs)).toBe(tried);
  });

  it("goes on when only an earlier release of it is revoked", () => {
    const other = { ...tried, revoked: revoked("web.blue-000001", "base") };
    expect(endedIfRevoked(other, nowMs)).toBe(other);
  });
});

function fail(): never {
  throw new Error("there is none");
}
