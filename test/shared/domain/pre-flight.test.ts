import { describe, expect, it } from "vitest";
import { autoScalingMayUse, type PreFlightView, shortagesOf } from "../../../shared/domain/pre-flight.ts";

const enough: PreFlightView = {
  needed: 4,
  instanceType: "t3.small",
  vcpus: { free: 8, quota: 256, each: 2, named: "L-1216C47A, Running On-Demand Standard" },
  subnets: [
    { id: "subnet-a", freeAddresses: 1 },
    { id: "subnet-b", freeAddresses: 3 },
  ],
  targetGroups: { used: 2999, limit: 3000 },
  rules: { used: 99, limit: 100 },
  rulesNeeded: 1,
  keyState: "Enabled",
  autoScalingMayUseKey: true,
  launchRefusal: undefined,
};

describe("what a candidate's fleet needs", () => {
  it("is there when it just fits", () => {
    expect(shortagesOf(enough)).toEqual([]);
  });

  it("is not counted in vCPUs for a type with a quota of its own", () => {
    expect(shortagesOf({ ...enough, vcpus: undefined })).toEqual([]);
  });

  it.each([
    ["vCPUs", { needed: 5, subnets: [{ id: "s", freeAddresses: 9 }] }, "5 t3.small need 10 vCPUs", "L-1216C47A"],
    [
      "addresses",
      { subnets: [{ id: "subnet-a", freeAddresses: 3 }] },
      "subnets have 3 free (subnet-a has 3)",
      "Add a subnet",
    ],
    ["subnets", { subnets: [] }, "have 0 free (none)", "Add a subnet"],
    [
      "target groups",
      { targetGroups: { used: 3000, limit: 3000 } },
      "3000 of 3000 target groups",
      "quota of target groups",
    ],
    ["rules", { rulesNeeded: 2 }, "the load balancer has 99 of 100 rules, and a deploy needs 2 more", "quota of rules"],
    ["the key", { keyState: "Disabled" }, "is Disabled", "Enable it"],
    ["the key's policy", { autoScalingMayUseKey: false }, "service-linked role", "key policy"],
    ["a permission", { launchRefusal: "UnauthorizedOperation: no" }, "UnauthorizedOperation: no", "what EC2 says"],
  ])("lacks %s: it says what and what to do", (_what, change, what, fix) => {
    const shortages = shortagesOf({ ...enough, ...change });
    expect(shortages).toEqual([{ what: expect.stringContaining(what), fix: expect.stringContaining(fix) }]);
  });

  it("is told all at once", () => {
    expect(shortagesOf({ ...enough, needed: 40, keyState: "gone" })).toHaveLength(3);
  });
});

describe("whether Auto Scaling may use a key", () => {
  const keyArn = "arn:aws:kms:us-east-1:123456789012:key/1";
  const role = "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
  const policy = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });
  const account = { Effect: "Allow", Principal: { AWS: "arn:aws:iam::123456789012:root" }, Action: "kms:*" };
  const named = { Effect: "Allow", Principal: { AWS: [role] }, Action: ["kms:*"], Resource: "*" };
  const byCondition = (arn: string, ...Action: string[]) => ({
    Effect: "Allow",
    Principal: "*",
    Action,
    Condition: { ArnEquals: { "aws:PrincipalArn": arn } },
  });

  it.each([
    ["names the role", policy(account, named), true],
    [
      "names it by condition, in two statements",
      policy(byCondition(role, "kms:Decrypt", "kms:GenerateDataKey*"), byCondition(role, "kms:CreateGrant")),
      true,
    ],
    ["leaves it to the account's policies, of which the role has none", policy(account), false],
    ["lets it decrypt and no more", policy(byCondition(role, "kms:Decrypt")), false],
    ["names another role", policy(byCondition("arn:aws:iam::123456789012:role/other", "kms:*")), false],
    ["denies it", policy({ ...named, Effect: "Deny" }), false],
    ["has no statements", "{}", false],
  ])("when its policy %s", (_title, text, may) => {
    expect(autoScalingMayUse(text, keyArn)).toBe(may);
  });
});
