import { describe, expect, it } from "vitest";
import { tellingKinds } from "../../scripts/simulate/exhaustive.ts";
import { faultKinds } from "../../scripts/simulate/faults.ts";

const calls = [
  "reap s3:GetObject",
  "reap s3:ListObjectsV2",
  "reap s3:PutObject",
  "reap s3:GetObject",
  "settle s3:GetObject",
];

describe("the kinds of fault tried in pairs", () => {
  it("are all of them at a call that changes something", () => {
    expect(tellingKinds(calls, 2)).toEqual(faultKinds);
  });

  it("are refusals and a crash at the first of several reads", () => {
    expect(tellingKinds(calls, 0)).toEqual(["unavailable", "denied", "crash"]);
    expect(tellingKinds(calls, 3)).toEqual(["unavailable", "denied", "crash"]);
  });

  it("are refusals alone at a read after a read, whose crash leaves the same as the one before", () => {
    expect(tellingKinds(calls, 1)).toEqual(["unavailable", "denied"]);
  });

  it("include the crash of another handler, whatever was read before", () => {
    expect(tellingKinds(calls, 4)).toEqual(["unavailable", "denied", "crash"]);
  });
});
