import { describe, expect, it } from "vitest";
import { revocationNotes } from "../../../cli/explain/revocation-notes.ts";
import { emptyHead, type Head } from "../../../shared/domain/head.ts";
import type { Revocable } from "../../../shared/domain/revocation.ts";

const at = "2026-11-23T12:00:00Z";
const revoked = (generation: string, kind: Revocable) => ({ kind, id: "it", reason: "CVE", by: "ann", at, generation });
const head: Head = {
  ...emptyHead("web"),
  live: { generation: "web-000002", since: at },
  standby: { generation: "web-000001", until: at },
  kept: ["web-000001", "web-000002"],
};

describe("the status of a service", () => {
  it("says nothing while nothing of it is revoked", () => {
    expect(revocationNotes(head)).toEqual([]);
  });

  it("says what serves although it is revoked, and which execution takes it away", () => {
    expect(revocationNotes({ ...head, revoked: [revoked("web-000002", "base")] })).toEqual([
      'web-000002 serves although base it was revoked by ann: CVE; revoked-web-000002-20261123120000 deploys it again on what is newest; had that failed: kiln base refresh web --reason "<why>"',
    ]);
  });

  it("names the deploy that is to take its place", () => {
    const pending = { execution: "arn", generation: "web-000003" };
    expect(revocationNotes({ ...head, pending, revoked: [revoked("web-000002", "base")] })).toEqual([
      "web-000002 serves although base it was revoked by ann: CVE; web-000003 is to take its place",
    ]);
  });

  it("says that a person must push when every other release is revoked too", () => {
    const both = [revoked("web-000001", "artifact"), revoked("web-000002", "artifact")];
    expect(revocationNotes({ ...head, revoked: both })).toEqual([
      "web-000002 serves although artifact it was revoked by ann: CVE; there is no good release to go back to: push another artifact",
      "nobody can go back to web-000001: artifact it was revoked by ann: CVE",
    ]);
  });
});
