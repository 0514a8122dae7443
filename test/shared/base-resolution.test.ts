import { describe, expect, it } from "vitest";
import { type BaseWish, resolveBase } from "../../shared/base-resolution.ts";
import { parseRecipe } from "../../shared/domain/recipe.ts";
import { knownBases } from "../../shared/domain/service-spec.ts";

const published: Record<string, string> = {
  [knownBases.al2023.x86_64]: "ami-00000001",
  [knownBases.al2023.arm64]: "ami-00000002",
  [knownBases["ubuntu-24.04"].x86_64]: "ami-00000003",
  [knownBases["debian-12"].x86_64]: "ami-00000004",
};
const parsed = parseRecipe({ recipe: "runtime", packages: ["git"] });
const world = {
  parameters: { read: async (name: string) => published[name] },
  recipes: {
    current: async () => {
      if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
      return { recipe: parsed.recipe, digest: "d1" };
    },
  },
};

const x86 = (base: BaseWish["base"]): BaseWish => ({ base, architecture: "x86_64" });

describe("the base that a release is made on", () => {
  it.each([
    ["al2023", x86("al2023"), "ami-00000001"],
    ["al2023 for Arm", { base: "al2023", architecture: "arm64" } as const, "ami-00000002"],
    ["ubuntu-24.04", x86("ubuntu-24.04"), "ami-00000003"],
    ["debian-12", x86("debian-12"), "ami-00000004"],
    ["a fixed AMI", x86({ ami: "ami-12345678" }), "ami-12345678"],
  ])("is what the distributor's parameter says, or the image that is named: %s", async (_, wish, imageId) => {
    expect(await resolveBase(wish, undefined, world)).toMatchObject({ imageId, architecture: wish.architecture });
  });

  it("is the pinned one whatever is newest", async () => {
    const pin = { imageId: "ami-00000009", by: "ann", at: "2026-11-23T00:00:00Z", reason: "" };
    expect(await resolveBase(x86("al2023"), pin, world)).toMatchObject({ imageId: "ami-00000009" });
  });

  it("is, of a recipe, another image for each parent, and the same one for the same parent", async () => {
    const wish = x86({ recipe: "runtime" });
    const pin = { imageId: "ami-00000009", by: "ann", at: "2026-11-23T00:00:00Z", reason: "" };
    const [one, again, other] = await Promise.all([
      resolveBase(wish, undefined, world),
      resolveBase(wish, undefined, world),
      resolveBase(wish, pin, world),
    ]);
    expect(one).toMatchObject({ name: "recipe runtime", imageId: "ami-00000001", golden: { recipe: "runtime" } });
    expect(again).toEqual(one);
    expect(other).toMatchObject({ imageId: "ami-00000009" });
    expect(other.golden?.digest).not.toBe(one.golden?.digest);
  });

  it("is refused where the region has no such parameter, or the recipe is for other processors", async () => {
    const arm = { base: "debian-12", architecture: "arm64" } as const;
    await expect(resolveBase(arm, undefined, world)).rejects.toMatchObject({ name: "BaseRefusedError" });
    const golden = { base: { recipe: "runtime" }, architecture: "arm64" } as const;
    await expect(resolveBase(golden, undefined, world)).rejects.toThrow("Recipe runtime is for x86_64");
  });
});
