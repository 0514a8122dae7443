import { describe, expect, it } from "vitest";
import {
  failedBuild,
  freshBuild,
  type GoldenBuild,
  type GoldenOrder,
  isAbandoned,
  isOver,
} from "../../../shared/domain/golden-build.ts";

const began = "2026-11-23T04:00:00.000Z";
const beganMs = Date.parse(began);
const order: GoldenOrder = {
  digest: "ab",
  recipe: {
    recipe: "hardened",
    parent: "al2023",
    architecture: "x86_64",
    instanceType: "t3.small",
    packages: ["nginx"],
    files: [],
    scripts: [],
    checks: [],
    timeoutSeconds: 900,
  },
  recipeDigest: "cd",
  parentImageId: "ami-1",
};
const build = freshBuild(order, { vpcId: "vpc-1", subnetIds: ["subnet-a"] }, undefined, began);
const phases: GoldenBuild["phase"][] = ["building", "testing", "cleaning", "ready", "failed"];
const unfinished = phases.filter((phase) => phase !== "ready" && phase !== "failed");

describe("the record of a build", () => {
  it("says what is made of what, where, and since when, and nothing of an attempt before", () => {
    expect(build).toEqual({
      digest: "ab",
      recipe: "hardened",
      recipeDigest: "cd",
      parentImageId: "ami-1",
      attempt: 1,
      phase: "building",
      startedAt: began,
      touchedAt: began,
      vpcId: "vpc-1",
      subnetId: "subnet-a",
    });
    const failed = { ...failedBuild(build, "builder", "no mirror"), imageId: "ami-2", phase: "failed" as const };
    const again = freshBuild(order, { vpcId: "vpc-1", subnetIds: ["subnet-a"] }, failed, began);
    expect(again).toEqual({ ...build, attempt: 2 });
  });

  it("takes the subnets in turn, one an attempt, and begins again with the first", () => {
    const subnetIds = ["subnet-a", "subnet-b", "subnet-c"];
    const taken: string[] = [];
    for (let attempt = 0, last: GoldenBuild | undefined; attempt < 4; attempt++) {
      last = freshBuild(order, { vpcId: "vpc-1", subnetIds }, last, began);
      taken.push(last.subnetId);
    }
    expect(taken).toEqual(["subnet-a", "subnet-b", "subnet-c", "subnet-a"]);
  });

  it("names no subnet where there is none", () => {
    expect(freshBuild(order, { vpcId: "vpc-1", subnetIds: [] }, undefined, began).subnetId).toBe("");
  });
});

describe("a build", () => {
  it("is over once it is ready or has failed", () => {
    expect(phases.filter((phase) => isOver({ ...build, phase }))).toEqual(["ready", "failed"]);
  });

  it.each(["building", "testing"] as const)("that fails while it is %s is cleaned up, with the reason", (phase) => {
    expect(failedBuild({ ...build, phase }, "builder", "no mirror")).toEqual({
      ...build,
      phase: "cleaning",
      failure: { step: "builder", why: "no mirror" },
    });
  });

  it.each(["cleaning", "ready", "failed"] as const)("that is %s keeps what it says", (phase) => {
    const present = { ...build, phase };
    expect(failedBuild(present, "tester", "gone")).toBe(present);
  });

  it("is abandoned once it showed no sign for more than ten minutes, unless it is over", () => {
    const later = (minutes: number) => beganMs + minutes * 60_000;
    for (const phase of unfinished) {
      expect(isAbandoned({ ...build, phase }, later(10)), phase).toBe(false);
      expect(isAbandoned({ ...build, phase }, later(10) + 1), phase).toBe(true);
    }
    expect(isAbandoned({ ...build, phase: "ready" }, later(1_000))).toBe(false);
    expect(isAbandoned({ ...build, phase: "failed" }, later(1_000))).toBe(false);
    const touched = new Date(later(9)).toISOString();
    expect(isAbandoned({ ...build, touchedAt: touched }, later(15))).toBe(false);
  });
});
