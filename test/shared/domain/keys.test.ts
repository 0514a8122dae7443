import { describe, expect, it } from "vitest";
import {
  keysOfExperiment,
  keysOfLayer,
  keysOfVersion,
  ledgerKeys,
  readArtifactKey,
} from "../../../shared/domain/keys.ts";

describe("an object of the artifact bucket", () => {
  it.each([
    ["web/1.4.2.tar.gz", { kind: "production", service: "web", version: "1.4.2" }],
    ["web/1.4.2.zip", { kind: "production", service: "web", version: "1.4.2" }],
    ["web/v1_2+build-3.tgz", { kind: "production", service: "web", version: "v1_2+build-3" }],
    ["web/1.tar.gz.zip", { kind: "production", service: "web", version: "1.tar.gz" }],
    [`web/${"1".repeat(64)}.zip`, { kind: "production", service: "web", version: "1".repeat(64) }],
    ["layers/1.zip", { kind: "layer", name: "1" }],
    [`layers/${"n".repeat(32)}.zip`, { kind: "layer", name: "n".repeat(32) }],
    ["web/experiments/blue.tar.gz", { kind: "experiment", service: "web", experiment: "blue" }],
    ["layers/experiments/blue.zip", { kind: "experiment", service: "layers", experiment: "blue" }],
  ])("is read from its key %s", (key, expected) => {
    expect(readArtifactKey(key)).toEqual(expected);
  });

  it.each([
    ["", "the key ends in neither .tar.gz, .tgz nor .zip"],
    ["web/1.tar", "the key ends in neither .tar.gz, .tgz nor .zip"],
    ["web/1.zip.sha256", "the key ends in neither .tar.gz, .tgz nor .zip"],
    ["web/1zip", "the key ends in neither .tar.gz, .tgz nor .zip"],
    ["web/1.zip/", "the key ends in neither .tar.gz, .tgz nor .zip"],
    ["layers/Node.zip", '"Node" is no layer name (^[a-z0-9][a-z0-9._-]{0,31}$)'],
    [`layers/${"n".repeat(33)}.zip`, `"${"n".repeat(33)}" is no layer name (^[a-z0-9][a-z0-9._-]{0,31}$)`],
    ["Web/1.zip", '"Web" is no service name'],
    ["1.zip", '"1.zip" is no service name'],
    ["web/-1.zip", '"-1" is no version'],
    ["web/a b.zip", '"a b" is no version'],
    [`web/${"1".repeat(65)}.zip`, `"${"1".repeat(65)}" is no version`],
    ["web/experiments/Blue.zip", '"Blue" is no experiment name (^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$)'],
    ["web/other/blue.zip", "it has too many parts"],
    ["web/experiments/blue/1.zip", "it has too many parts"],
    ["web/experiments/experiments/1.zip", "it has too many parts"],
    ["layers/a/node.zip", "it has too many parts"],
  ])("with the key %j is unknown: %s", (key, reason) => {
    expect(readArtifactKey(key)).toEqual({ kind: "unknown", reason });
  });

  it("is looked for under every ending, and found under each by what it is read from", () => {
    expect(keysOfLayer("node-24")).toEqual(["layers/node-24.tar.gz", "layers/node-24.tgz", "layers/node-24.zip"]);
    expect(keysOfVersion("web", "1.0")).toEqual(["web/1.0.tar.gz", "web/1.0.tgz", "web/1.0.zip"]);
    expect(keysOfExperiment({ service: "web", experiment: "blue" })).toEqual([
      "web/experiments/blue.tar.gz",
      "web/experiments/blue.tgz",
      "web/experiments/blue.zip",
    ]);
  });
});

/** Where each document of a service, or of an experiment, stands below its home. */
const documents: [string, (name: string) => string, string][] = [
  ["head", ledgerKeys.head, "head.json"],
  ["lease", ledgerKeys.lease, "lease.json"],
  ["approval", (name) => ledgerKeys.approval(name, "g-000001"), "approvals/g-000001.json"],
  ["pins", ledgerKeys.pins, "pins.json"],
  ["release", (name) => ledgerKeys.release(name, "g-000001"), "releases/g-000001.json"],
  ["list of releases", ledgerKeys.releases, "releases/"],
  ["touch of an instance", (name) => ledgerKeys.touch(name, "i-1"), "touched/i-1.json"],
  ["list of touches", ledgerKeys.touches, "touched/"],
  ["refusal", (name) => ledgerKeys.refusal(name, "2026", "arn:a/b"), "refused/2026-arn%3Aa%2Fb.json"],
  ["list of refusals", ledgerKeys.refusals, "refused/"],
  ["history of a release", (name) => ledgerKeys.history(name, "g-000001"), "history/g-000001/"],
  ["freeze", ledgerKeys.freeze, "freeze.json"],
];

describe("the ledger", () => {
  it.each(documents)("keeps the %s of a service below it, and that of an experiment apart", (_what, keyOf, below) => {
    expect(keyOf("web")).toBe(`services/web/${below}`);
    expect(keyOf("web.blue")).toBe(`experiments/web/blue/${below}`);
  });

  it("has the stage's own documents and those of parts under keys that belong to no service", () => {
    expect(ledgerKeys.upload("v/1=")).toBe("uploads/v%2F1%3D.json");
    expect(ledgerKeys.layer("node-24", "v/1=")).toBe("layers/node-24/v%2F1%3D.json");
    expect(ledgerKeys.recipe("hardened", "ab")).toBe("recipes/hardened/ab.json");
    expect(ledgerKeys.golden("ab")).toBe("golden/ab.json");
    expect(ledgerKeys.golden("ab").startsWith(ledgerKeys.goldens)).toBe(true);
    expect(ledgerKeys.zipRecipe("ab")).toBe("parts/ab.zip-recipe");
    expect(ledgerKeys.inventory("ab")).toBe("parts/ab.inventory.json");
    expect(ledgerKeys.partDigests("ab")).toBe("parts/ab.blocks");
    expect(ledgerKeys.bases.images()).toBe("bases/images.json");
    expect(ledgerKeys.bases.reapedImage("web", "ami-1")).toBe("bases/reaped/ami-1.json");
  });

  it("has what an experiment never has under its service", () => {
    expect(ledgerKeys.spec("web", "ab")).toBe("services/web/specs/ab.json");
    expect(ledgerKeys.once("web", "web-000001")).toBe("services/web/once/web-000001.json");
    expect(ledgerKeys.wayBack("web")).toBe("services/web/way-back.json");
    expect(ledgerKeys.refreshPause("web", "g")).toBe("services/web/refresh-paused/g.json");
    expect(ledgerKeys.images("web")).toBe("services/web/images.json");
    expect(ledgerKeys.reapedImage("web", "ami-1")).toBe("services/web/reaped/ami-1.json");
  });

  it("lists the blocks of a bake in the order in which they are on the volume", () => {
    const keys = [
      [9, 1],
      [10, 300],
      [2_000, 4],
    ].map(([first = 0, written = 0]) => ledgerKeys.bakedBlocks("snap-1", first, written));
    expect(keys).toEqual([
      "bakes/snap-1/00000009-00000001",
      "bakes/snap-1/00000010-00000300",
      "bakes/snap-1/00002000-00000004",
    ]);
    expect([...keys].sort()).toEqual(keys);
    expect(keys.every((key) => key.startsWith(ledgerKeys.bake("snap-1")))).toBe(true);
    expect(ledgerKeys.bake("snap-1")).toBe("bakes/snap-1/");
  });
});
