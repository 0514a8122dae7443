import { expect, test } from "vitest";
import { diffText } from "../../../cli/commands/diff.ts";
import { releaseText } from "../../../cli/commands/releases-show.ts";
import { chainOf } from "../../../cli/explain/chain.ts";
import { compareReleases } from "../../../cli/explain/compare.ts";
import { releaseWith, specWith } from "../support/releases.ts";

const first = releaseWith();

test("releases that differ in nothing but their names do not differ", () => {
  const again = releaseWith({
    generation: "web-000002",
    trialSecret: "another",
    createdAt: "2026-02-01T00:00:00.000Z",
  });
  expect(compareReleases(first, again)).toEqual([]);
  expect(diffText("a", "b", true, [])).toBe("a and b do not differ");
});

test("tells what differs by part and path, and never the secret", () => {
  const second = releaseWith({
    version: "1.1.0",
    artifact: { ...first.artifact, sha256: "cc", bytes: 11, key: "web/1.1.0.tgz" },
    layers: [],
    base: { ...first.base, imageId: "ami-00000002" },
    start: "node main.js",
    spec: specWith({ capacity: { min: 3, max: 6 }, environment: { MODE: "fast" } }),
    network: { ...first.network, subnetIds: ["subnet-1"] },
    trialSecret: "another",
  });
  const differences = compareReleases(first, second);
  expect(differences.map(({ part, key, from, to }) => `${part}.${key}: ${from} -> ${to}`)).toEqual([
    "artifact.version: 1.0.0 -> 1.1.0",
    "artifact.key: web/1.0.0.tgz -> web/1.1.0.tgz",
    "artifact.sha256: aa -> cc",
    "artifact.bytes: 10 -> 11",
    "layers.node-24: bb -> null",
    "base.imageId: ami-00000001 -> ami-00000002",
    "start.command: node server.js -> node main.js",
    "network.subnetIds: subnet-1, subnet-2 -> subnet-1",
    "spec.capacity.min: 2 -> 3",
    "spec.capacity.max: 4 -> 6",
    "spec.environment.MODE: null -> fast",
  ]);
  expect(JSON.stringify(differences)).not.toContain("another");
  expect(diffText("web-000001", "web-000002", false, differences.slice(4, 5))).toBe(
    "web-000001 -> web-000002: different images\n  layers  node-24  bb -> (none)",
  );
});

test("a release is shown with its timeline", () => {
  const { trialSecret: _trialSecret, ...shown } = first;
  const timeline = [{ at: "2026-01-01T00:00:00.000Z", event: "admitted", says: "asked for by upload" }];
  const lines = releaseText(shown, "live", chainOf(first, [], "kiln-dev-web-000001", []), timeline).split("\n");
  expect(lines[0]).toBe("web-000001  live");
  expect(lines).toContain("  artifact   10 bytes  sha256 aa");
  expect(lines).toContain("  leaving    connections may go on for 30 s, then SIGTERM, SIGKILL 30 s later");
  expect(lines.at(-1)).toBe("  2026-01-01T00:00:00.000Z  admitted  asked for by upload");
});
