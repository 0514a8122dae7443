import { describe, expect, it } from "vitest";
import { type BaseFacts, type BaseImage, baseUses, standsUnder } from "../../../shared/domain/base-uses.ts";
import type { GoldenBuild } from "../../../shared/domain/golden-build.ts";

function image(name: string, snapshotId: string): BaseImage {
  const rest = { generation: "", state: "available", protectedBy: undefined } as const;
  return { imageId: `ami-of-${snapshotId}`, name, snapshotIds: [snapshotId], ...rest };
}

const copy = image("kiln/dev/base/ami-1", "snap-copy");
const golden = image("kiln/dev/golden/d1", "snap-golden");

function build(changes: Partial<GoldenBuild> = {}): GoldenBuild {
  return {
    ...{ digest: "d1", recipe: "runtime", recipeDigest: "r", parentImageId: "ami-1", attempt: 1, phase: "ready" },
    ...{ startedAt: "2026-01-01", touchedAt: "2026-01-01", vpcId: "vpc-1", subnetId: "subnet-1" },
    ...changes,
  };
}

const newer = build({ digest: "d2", parentImageId: "ami-2", startedAt: "2026-02-01" });

function uses(changes: Partial<BaseFacts>): Record<string, string> {
  const facts = { stage: "dev", images: [copy, golden], made: [], needed: [], builds: [build(), newer], ...changes };
  return Object.fromEntries(baseUses(facts));
}

describe("a base image is needed", () => {
  it("while another image stands on its snapshot", () => {
    const made = [{ imageId: "ami-9", snapshotIds: ["snap-copy", "snap-volume"] }];
    expect(uses({ made })).toMatchObject({ [copy.name]: "ami-9 stands on its snapshot" });
    expect([...standsUnder([copy, golden], made)]).toEqual([copy.name]);
    const ofTwoVolumes = { ...copy, snapshotIds: ["snap-data", "snap-copy"] };
    expect([...standsUnder([ofTwoVolumes], made)]).toEqual([copy.name]);
  });

  it("while a release that may serve was made on it, or would be now", () => {
    expect(uses({ needed: [{ imageId: "ami-1", why: "web-000001 is live" }] })[copy.name]).toBe("web-000001 is live");
    const onGolden = { imageId: "ami-1", golden: { digest: "d1" }, why: "web-000002 stands by" };
    expect(uses({ needed: [onGolden] })[golden.name]).toBe("web-000002 stands by");
  });

  it("while it is the newest of its recipe, or being built, with what it is made of", () => {
    expect(uses({ builds: [build()] })).toMatchObject({
      [golden.name]: "it is the newest of runtime",
      [copy.name]: "it is the newest of runtime",
    });
    expect(uses({ builds: [build({ phase: "testing" }), newer] })[golden.name]).toBe("recipe runtime is being built");
  });

  it("as the newest whichever is listed first, and never for a build that came to nothing", () => {
    const newest = "kiln/dev/golden/d2";
    for (const builds of [
      [build(), newer],
      [newer, build()],
    ]) {
      expect(uses({ builds, images: [] })).toEqual({
        [newest]: "it is the newest of runtime",
        "kiln/dev/base/ami-2": "it is the newest of runtime",
      });
    }
    const failed = build({ digest: "d3", parentImageId: "ami-3", startedAt: "2026-03-01", phase: "failed" });
    expect(Object.keys(uses({ builds: [newer, failed], images: [] }))).toEqual([newest, "kiln/dev/base/ami-2"]);
    const elsewhere = build({ digest: "d4", recipe: "other", parentImageId: "ami-2" });
    expect(Object.keys(uses({ builds: [newer, elsewhere], images: [] }))).toContain("kiln/dev/golden/d4");
  });

  it("while a golden image that was made of it is there, itself needed or not", () => {
    expect(uses({})).toMatchObject({ [copy.name]: `${golden.imageId} of recipe runtime was made of it` });
    expect(uses({ images: [copy] })[copy.name]).toBeUndefined();
  });

  it("when nobody knows what it was built for", () => {
    expect(uses({ builds: [newer] })[golden.name]).toBe("the ledger has no record of its build");
  });
});

it("an older golden image is needed by nobody", () => {
  expect(uses({})[golden.name]).toBeUndefined();
});
