import { expect, test } from "vitest";
import { chainLines, chainOf } from "../../../cli/explain/chain.ts";
import type { HistoryEvent } from "../../../shared/aws/ledger.ts";
import { releaseWith } from "../support/releases.ts";

const execution = "arn:e";
const history: HistoryEvent[] = [
  { event: "baked", at: "2026-01-01T00:01:00.000Z", execution, imageId: "ami-0b", base: "ami-0c", written: true },
  { event: "launched", at: "2026-01-01T00:01:01.500Z", execution, instances: 2 },
  { event: "validated", at: "2026-01-01T00:02:00.000Z", execution, reports: [{ check: "probes", verdict: "pass" }] },
];

test("the chain names every link from the commit to the instances, with verdicts and times", () => {
  const release = releaseWith({
    provenance: {
      asked: { kind: "upload", account: "123456789012", sourceIp: "192.0.2.7" },
      pushedAt: "2025-12-31T23:59:59.000Z",
      source: { commit: "0123abc", repository: "https://git.example.com/web.git", dirty: true, pushedBy: "arn:ann" },
    },
  });
  const chain = chainOf(release, history, "kiln-dev-web-000001", ["i-1", "i-2"]);
  expect(chain).toMatchObject({
    source: { commit: "0123abc" },
    base: { name: "al2023", imageId: "ami-00000001", ownedImageId: "ami-0c" },
    imageId: "ami-0b",
    instanceIds: ["i-1", "i-2"],
    verdicts: [{ event: "validated", evidence: { reports: [{ check: "probes", verdict: "pass" }] } }],
    timings: [
      { event: "baked", afterSeconds: 60 },
      { event: "launched", afterSeconds: 61.5 },
      { event: "validated", afterSeconds: 120 },
    ],
  });
  expect(chainLines(release, chain).filter(([link]) => link !== "spec")).toEqual([
    ["commit", "0123abc of https://git.example.com/web.git, with changes that were not committed"],
    ["pushed", "web/1.0.0.tgz  version v1  at 2025-12-31T23:59:59.000Z  by arn:ann"],
    ["artifact", "10 bytes  sha256 aa"],
    ["layer", "layers/node-24.tgz  1 bytes  sha256 bb"],
    ["base", "al2023  ami-00000001  x86_64  own copy ami-0c"],
    ["asked by", "an upload by account 123456789012 from 192.0.2.7"],
    ["release", "sha256 release-1"],
    ["image", "ami-0b  content sha256 image-1"],
    ["fleet", "kiln-dev-web-000001"],
    ["instances", "i-1, i-2"],
  ]);
});

test("what was never written down is said to be missing, not made up", () => {
  const release = releaseWith();
  const chain = chainOf(release, [], "kiln-dev-web-000001", []);
  expect(chain).toMatchObject({ source: null, asked: { kind: "upload" }, pushedAt: null, imageId: null });
  const lines = new Map(chainLines(release, chain));
  expect(lines.get("commit")).toContain("not said");
  expect(lines.get("base")).toContain("own copy not recorded");
  expect(lines.get("image")).toContain("not made");
  expect(lines.get("instances")).toBe("none runs now");
});
