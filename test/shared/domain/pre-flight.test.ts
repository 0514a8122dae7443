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

  it("lists the free addresses of every subnet", () => {
    const subnets = [
      { id: "subnet-a", freeAddresses: 1 },
      { id: "subnet-b", freeAddresses: 2 },
    ];
    expect(shortagesOf({ ...enough, subnets })[0]?.what).toBe(
      "4 instances need an address each, and the load balancer's subnets have 3 free (subnet-a has 1, subnet-b has 2)",
    );
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
    ["has one statement that is no list", JSON.stringify({ Statement: named }), true],
    ["names the role in a statement without actions", policy({ ...named, Action: undefined }), false],
    ["is for a service of AWS's", policy({ ...named, Principal: { Service: "autoscaling.amazonaws.com" } }), false],
    ["says for whom it is not", policy({ ...named, Principal: undefined, NotPrincipal: { AWS: [role] } }), false],
    ["is for everybody", policy({ ...named, Principal: "*" }), true],
    ["is for everybody, on another condition", policy({ ...named, Principal: { AWS: "*" }, Condition: {} }), true],
    ["writes actions in another case", policy({ ...named, Action: "KMS:*" }), true],
    ["lets it do what only begins alike", policy({ ...named, Action: ["kms:Create", "kms:Decrypt"] }), false],
    [
      "lacks one action of three",
      policy({ ...named, Action: ["kms:CreateGrant", "kms:GenerateDataKeyWithoutPlaintext"] }),
      false,
    ],
    [
      "spells the actions with placeholders for one character",
      policy({ ...named, Action: ["kms:?reateGrant", "kms:Decryp?", "kms:GenerateDataKeyWithoutPlaintext"] }),
      true,
    ],
    ["means a full stop by a full stop", policy({ ...named, Action: ["kms.*", "km[s]:*"] }), false],
  ])("when its policy %s", (_title, text, may) => {
    expect(autoScalingMayUse(text, keyArn)).toBe(may);
  });

  it.each(["ArnEquals", "ArnLike", "StringEquals", "StringLike"])(
    "when a condition %s names it among others",
    (operator) => {
      const condition = (...arns: string[]) => ({ Condition: { [operator]: { "aws:PrincipalArn": arns } } });
      const other = "arn:aws:iam::123456789012:role/other";
      const everybody = { ...named, Principal: "*" };
      expect(autoScalingMayUse(policy({ ...everybody, ...condition(other, role) }), keyArn)).toBe(true);
      expect(autoScalingMayUse(policy({ ...everybody, ...condition(other) }), keyArn)).toBe(false);
      const pattern = "arn:aws:iam::*:role/aws-service-role/autoscaling.amazonaws.com/*";
      expect(autoScalingMayUse(policy({ ...everybody, ...condition(pattern) }), keyArn)).toBe(true);
      expect(autoScalingMayUse(policy({ ...everybody, ...condition(`${role}_suffix`) }), keyArn)).toBe(false);
    },
  );

  it("in the partition and account of the key alone", () => {
    const china = "arn:aws-cn:kms:cn-north-1:123456789012:key/1";
    expect(autoScalingMayUse(policy(named), china)).toBe(false);
    expect(autoScalingMayUse(policy(named), keyArn.replace("123456789012", "210987654321"))).toBe(false);
  });
});
