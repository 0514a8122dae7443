import { describe, expect, it } from "vitest";
import { RequestContext } from "../../../local/iam/context.ts";
import { evaluate, evaluateResourcePolicy } from "../../../local/iam/evaluate.ts";
import { parsePolicy } from "../../../local/iam/policy-document.ts";
import { policyOf } from "./iam-cloud.ts";

function effectOf(
  statement: object,
  action: string,
  resource: string,
  context: Record<string, string | string[]> = {},
) {
  const document = parsePolicy(policyOf({ Action: "*", Resource: "*", ...statement }), "identity");
  return evaluate([document], { action, resource, context: new RequestContext(context) });
}

describe("actions and resources", () => {
  it.each([
    ["s3:GetObject", "s3:GetObject", "allow"],
    ["s3:getobject", "S3:GetObject", "allow"],
    ["s3:Get*", "s3:GetObject", "allow"],
    ["s3:Get?bject", "s3:GetObject", "allow"],
    ["s3:Get*", "s3:PutObject", "none"],
    ["*", "ec2:RunInstances", "allow"],
  ])("%s judges %s as %s", (pattern, action, expected) => {
    expect(effectOf({ Action: pattern }, action, "*")).toBe(expected);
  });

  it.each([
    ["arn:aws:s3:::b/*", "arn:aws:s3:::b/k/x", "allow"],
    ["arn:aws:s3:::b/*", "arn:aws:s3:::b", "none"],
    ["arn:aws:s3:::B/*", "arn:aws:s3:::b/k", "none"],
    ["arn:aws:iam::*:role/kiln-*", "arn:aws:iam::123456789012:role/kiln-x", "allow"],
    ["arn:aws:ec2:*:*:instance/i-?", "arn:aws:ec2:us-east-1:1:instance/i-12", "none"],
    ["arn:aws:s3:::a.b", "arn:aws:s3:::aXb", "none"],
  ])("%s judges %s as %s", (pattern, resource, expected) => {
    expect(effectOf({ Resource: pattern }, "s3:GetObject", resource)).toBe(expected);
  });

  it("turns NotAction and NotResource round", () => {
    expect(effectOf({ Action: undefined, NotAction: "iam:*" }, "iam:GetRole", "*")).toBe("none");
    expect(effectOf({ Action: undefined, NotAction: "iam:*" }, "s3:GetObject", "*")).toBe("allow");
    expect(effectOf({ Resource: undefined, NotResource: "arn:aws:s3:::a" }, "s3:X", "arn:aws:s3:::a")).toBe("none");
  });

  it("lets a deny win over any allow", () => {
    const documents = [
      parsePolicy(policyOf({ Action: "*", Resource: "*" }), "identity"),
      parsePolicy(policyOf({ Effect: "Deny", Action: "s3:Delete*", Resource: "*" }), "identity"),
    ];
    const context = new RequestContext();
    expect(evaluate(documents, { action: "s3:DeleteObject", resource: "*", context })).toBe("deny");
    expect(evaluate(documents, { action: "s3:GetObject", resource: "*", context })).toBe("allow");
  });
});

describe("conditions", () => {
  it.each([
    [{ StringEquals: { k: ["a", "b"] } }, { k: "b" }, true],
    [{ StringEquals: { k: "a" } }, {}, false],
    [{ StringEqualsIfExists: { k: "a" } }, {}, true],
    [{ StringNotEquals: { k: ["a", "b"] } }, { k: "b" }, false],
    [{ StringNotEquals: { k: "a" } }, {}, true],
    [{ StringEquals: { K: "a" } }, { k: "a" }, true],
    [{ StringEqualsIgnoreCase: { k: "A" } }, { k: "a" }, true],
    [{ StringLike: { k: "a*c" } }, { k: "abc" }, true],
    [{ StringNotLike: { k: "a*" } }, { k: "abc" }, false],
    [{ NumericLessThan: { k: "10" } }, { k: "9" }, true],
    [{ NumericGreaterThanEquals: { k: 10 } }, { k: "9" }, false],
    [{ NumericEquals: { k: "1" } }, { k: "x" }, false],
    [{ Bool: { k: "true" } }, { k: "TRUE" }, true],
    [{ Bool: { k: false } }, { k: "true" }, false],
    [{ Null: { k: "true" } }, {}, true],
    [{ Null: { k: "false" } }, {}, false],
    [{ ArnLike: { k: "arn:aws:iam::*:role/a*" } }, { k: "arn:aws:iam::1:role/ab" }, true],
    [{ ArnEquals: { k: "arn:aws:s*:::b" } }, { k: "arn:aws:s3:::b" }, true],
    [{ ArnLike: { k: "arn:*:b" } }, { k: "arn:aws:s3:::b" }, false],
    [{ IpAddress: { k: "10.0.0.0/8" } }, { k: "10.1.2.3" }, true],
    [{ NotIpAddress: { k: "10.0.0.0/8" } }, { k: "10.1.2.3" }, false],
    [{ DateGreaterThan: { k: "2026-01-01T00:00:00Z" } }, { k: "2026-01-02T00:00:00Z" }, true],
    [{ DateLessThan: { k: "1767225600" } }, { k: "2025-12-31T00:00:00Z" }, true],
    [{ "ForAllValues:StringEquals": { k: ["a", "b"] } }, { k: ["a", "b"] }, true],
    [{ "ForAllValues:StringEquals": { k: ["a"] } }, { k: ["a", "b"] }, false],
    [{ "ForAllValues:StringEquals": { k: ["a"] } }, {}, true],
    [{ "ForAnyValue:StringEquals": { k: ["a"] } }, { k: ["a", "b"] }, true],
    [{ "ForAnyValue:StringEquals": { k: ["a"] } }, {}, false],
    [{ StringEquals: { k: "a", l: "b" } }, { k: "a", l: "c" }, false],
    [{ StringEquals: { k: "a" }, Bool: { l: "true" } }, { k: "a", l: "true" }, true],
  ] as [object, Record<string, string | string[]>, boolean][])("%j for %j is %s", (Condition, context, holds) => {
    expect(effectOf({ Condition }, "a:B", "*", context)).toBe(holds ? "allow" : "none");
  });
});

describe("policy variables", () => {
  const variable = (name: string) => `\${${name}}`;
  const home = { Resource: `arn:aws:s3:::b/${variable("aws:username")}/*` };

  it("stand for the request's own values, never for wildcards", () => {
    expect(effectOf(home, "s3:GetObject", "arn:aws:s3:::b/ann/x", { "aws:username": "ann" })).toBe("allow");
    expect(effectOf(home, "s3:GetObject", "arn:aws:s3:::b/bob/x", { "aws:username": "ann" })).toBe("none");
    expect(effectOf(home, "s3:GetObject", "arn:aws:s3:::b/bob/x", { "aws:username": "*" })).toBe("none");
    expect(effectOf(home, "s3:GetObject", "arn:aws:s3:::b//x")).toBe("none");
  });

  it("compare tags with tags and take defaults", () => {
    const Condition = { StringEquals: { "aws:ResourceTag/team": variable("aws:PrincipalTag/team, 'none'") } };
    expect(effectOf({ Condition }, "a:B", "*", { "aws:ResourceTag/team": "x", "aws:PrincipalTag/team": "x" })).toBe(
      "allow",
    );
    expect(effectOf({ Condition }, "a:B", "*", { "aws:ResourceTag/team": "none" })).toBe("allow");
    expect(effectOf({ Condition }, "a:B", "*", { "aws:ResourceTag/team": "x" })).toBe("none");
  });
});

describe("resource policies", () => {
  const role = "arn:aws:iam::123456789012:role/r";
  const caller = { arns: [role], accountId: "123456789012", service: undefined };

  it.each([
    ["*", "allow"],
    [{ AWS: "*" }, "allow"],
    [{ AWS: role }, "allow"],
    [{ AWS: "123456789012" }, "delegated"],
    [{ AWS: "arn:aws:iam::123456789012:root" }, "delegated"],
    [{ AWS: "arn:aws:iam::999999999999:root" }, "none"],
    [{ Service: "events.amazonaws.com" }, "none"],
  ])("that name %j say %s", (Principal, expected) => {
    const document = parsePolicy(policyOf({ Principal, Action: "*", Resource: "*" }), "resource");
    const request = { action: "s3:GetObject", resource: "arn:aws:s3:::b/k", context: new RequestContext() };
    expect(evaluateResourcePolicy(document, request, caller)).toBe(expected);
  });
});

describe("reading a policy", () => {
  it.each([
    ["{", "This policy contains invalid Json"],
    ['{"Statement":[]}', "Missing required field Statement"],
    ['{"Version":"2020-01-01","Statement":{}}', "Syntax errors in policy."],
    [policyOf({ Action: "s3:GetObject" }), "Missing required field Resource"],
    [policyOf({ Action: "GetObject", Resource: "*" }), "Actions/Conditions must be prefaced by a vendor"],
    [policyOf({ Action: "s3:*", Resource: "bucket" }), 'Resource bucket must be in ARN format or "*".'],
    [policyOf({ Action: "s3:*", Resource: "*", Principal: "*" }), "should not specify a principal"],
    [
      policyOf({ Action: "s3:*", Resource: "*", Condition: { Equals: { a: "b" } } }),
      "Invalid Condition type : Equals.",
    ],
    [policyOf({ Actions: "s3:*", Resource: "*" }), "Syntax errors in policy."],
  ])("refuses %s", (text, message) => {
    expect(() => parsePolicy(text, "identity")).toThrowError(message);
  });
});
