import { describe, expect, it } from "vitest";
import { failedBuild, freshBuild, isAbandoned } from "../../../shared/domain/golden-build.ts";
import { parseRecipe, type Recipe } from "../../../shared/domain/recipe.ts";
import { checkScript, installScript, packagesIn } from "../../../shared/domain/recipe-script.ts";

function recipeOf(changes: object): Recipe {
  const parsed = parseRecipe({ recipe: "runtime", scripts: ["true"], ...changes });
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.recipe;
}

describe("a recipe", () => {
  it.each([
    ["nothing to add", { scripts: [] }, "adds nothing"],
    ["a path out of its place", { files: [{ path: "/opt/../etc/passwd", content: "" }] }, ""],
    ["a relative path", { files: [{ path: "opt/x", content: "" }] }, "absolute path"],
    ["a setuid file", { files: [{ path: "/opt/x", content: "", mode: "4755" }] }, "octal"],
    ["a package that is a command", { packages: ["curl; reboot"] }, "package's name"],
    ["a parent without the SSM Agent", { parent: "debian-12" }, ""],
    ["more than one command holds", { scripts: Array.from({ length: 4 }, () => "x".repeat(15_000)) }, "too long"],
    ["an unknown key", { pakages: [] }, "pakages"],
  ])("is refused with %s", (_, changes, says) => {
    const parsed = parseRecipe({ recipe: "runtime", scripts: ["true"], ...changes });
    expect("problems" in parsed && JSON.stringify(parsed.problems)).toContain(says);
    expect("problems" in parsed).toBe(true);
  });

  it.each([
    [{ packages: ["git"], scripts: [] }],
    [{ files: [{ path: "/opt/a/b", content: "" }], scripts: [] }],
    [{ packages: ["git"], files: [{ path: "/opt/a/b", content: "" }], scripts: [] }],
  ])("adds something with %j", (changes) => {
    expect(parseRecipe({ recipe: "runtime", ...changes })).toHaveProperty("recipe");
  });

  it("is refused under the key that is to blame", () => {
    const paths = (changes: object) => {
      const parsed = parseRecipe({ recipe: "runtime", ...changes });
      return "problems" in parsed ? parsed.problems.map(({ path }) => path) : [];
    };
    expect(paths({})).toEqual(["recipe"]);
    expect(paths({ scripts: Array.from({ length: 3 }, () => "x".repeat(12_000)) })).toEqual(["files"]);
  });

  it("installs packages before it writes files, and runs scripts after that", () => {
    const script = installScript(
      recipeOf({ packages: ["git"], files: [{ path: "/opt/a/b", content: "it's\n" }], scripts: ["echo made"] }),
    );
    const places = ["dnf install -y", "/opt/a/b", "echo made", "kiln: packages"].map((part) => script.indexOf(part));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(Math.min(...places)).toBeGreaterThan(0);
    expect(script).toContain(Buffer.from("it's\n").toString("base64"));
  });

  it("checks with its checks alone", () => {
    const script = checkScript(recipeOf({ packages: ["git"], checks: ["git --version"] }));
    expect(script).toContain("git --version");
    expect(script).not.toContain("install");
  });

  it("lists what is installed in order, whatever scripts printed before", () => {
    expect(packagesIn("b-0\nkiln: packages\nzlib-1.3\nbash-5.2\n")).toEqual(["bash-5.2", "zlib-1.3"]);
    expect(packagesIn("nothing of the kind")).toEqual([]);
  });
});

describe("a golden build", () => {
  const order = { digest: "d", recipe: recipeOf({}), recipeDigest: "r", parentImageId: "ami-00000001" };
  const place = { vpcId: "vpc-1", subnetIds: ["subnet-a", "subnet-b"] };
  const first = freshBuild(order, place, undefined, "2026-11-23T04:00:00.000Z");

  it("takes the next subnet with each attempt", () => {
    expect(first).toMatchObject({ attempt: 1, subnetId: "subnet-a" });
    expect(freshBuild(order, place, first, first.startedAt)).toMatchObject({ attempt: 2, subnetId: "subnet-b" });
  });

  it("is abandoned ten minutes after anybody worked on it, unless it is over", () => {
    const at = (minutes: number) => Date.parse(first.touchedAt) + minutes * 60_000;
    expect(isAbandoned(first, at(10))).toBe(false);
    expect(isAbandoned(first, at(11))).toBe(true);
    expect(isAbandoned({ ...first, phase: "ready" }, at(1000))).toBe(false);
  });

  it("keeps the first reason why it failed", () => {
    const failed = failedBuild(first, "builder", "no mirror");
    expect(failedBuild(failed, "tester", "gone")).toBe(failed);
    expect(failedBuild({ ...first, phase: "ready" }, "tester", "gone").phase).toBe("ready");
  });
});
