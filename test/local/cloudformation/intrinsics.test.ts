import { describe, expect, it } from "vitest";
import { dependencyOrder } from "../../../local/cloudformation/dependencies.ts";
import { evaluate, holds, type Scope } from "../../../local/cloudformation/intrinsics.ts";
import { type Json, parseTemplate } from "../../../local/cloudformation/template.ts";

const scope: Scope = {
  template: parseTemplate(
    JSON.stringify({
      Parameters: { Stage: { Type: "String" } },
      Mappings: { Sizes: { dev: { memory: 512 } } },
      Conditions: {
        IsDev: { "Fn::Equals": [{ Ref: "Stage" }, "dev"] },
        IsProd: { "Fn::Not": [{ Condition: "IsDev" }] },
        Both: { "Fn::And": [{ Condition: "IsDev" }, { Condition: "IsProd" }] },
        Either: { "Fn::Or": [{ Condition: "IsDev" }, { Condition: "IsProd" }] },
      },
      Resources: { Ledger: { Type: "AWS::S3::Bucket" } },
    }),
  ),
  parameters: { Stage: "dev", Zones: ["a", "b"] },
  pseudo: { "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012" },
  resource: (name) =>
    name === "Ledger" ? { ref: "ledger-1", attributes: { Arn: "arn:aws:s3:::ledger-1" } } : undefined,
};

describe("intrinsic functions", () => {
  it.each<[string, Json, Json]>([
    ["Ref of a parameter", { Ref: "Stage" }, "dev"],
    ["Ref of a resource", { Ref: "Ledger" }, "ledger-1"],
    ["Ref of a list", { Ref: "Zones" }, ["a", "b"]],
    ["Fn::GetAtt as a list", { "Fn::GetAtt": ["Ledger", "Arn"] }, "arn:aws:s3:::ledger-1"],
    ["Fn::GetAtt as text", { "Fn::GetAtt": "Ledger.Arn" }, "arn:aws:s3:::ledger-1"],
    [
      "Fn::Sub",
      { "Fn::Sub": `\${Ledger.Arn}/\${Stage}/\${AWS::Region}/\${!Literal}` },
      `arn:aws:s3:::ledger-1/dev/us-east-1/\${Literal}`,
    ],
    ["Fn::Sub with its own values", { "Fn::Sub": [`\${A}-\${Stage}`, { A: { Ref: "Ledger" } }] }, "ledger-1-dev"],
    ["Fn::Join", { "Fn::Join": ["-", ["a", { Ref: "Stage" }]] }, "a-dev"],
    ["Fn::Select", { "Fn::Select": [1, { Ref: "Zones" }] }, "b"],
    ["Fn::Split", { "Fn::Split": [",", "a,b"] }, ["a", "b"]],
    ["Fn::FindInMap", { "Fn::FindInMap": ["Sizes", { Ref: "Stage" }, "memory"] }, 512],
    ["Fn::If", { "Fn::If": ["IsDev", "yes", "no"] }, "yes"],
    ["Fn::Base64", { "Fn::Base64": "hi" }, "aGk="],
    ["AWS::NoValue in an object", { a: 1, b: { Ref: "AWS::NoValue" } }, { a: 1 }],
    ["AWS::NoValue in a list", ["a", { "Fn::If": ["IsProd", "b", { Ref: "AWS::NoValue" }] }], ["a"]],
    ["a policy's own Condition", { Condition: { Bool: { x: "true" } } }, { Condition: { Bool: { x: "true" } } }],
  ])("%s", (_name, value, expected) => {
    expect(evaluate(value, scope)).toEqual(expected);
  });

  it("combine conditions", () => {
    expect(["IsDev", "IsProd", "Both", "Either"].map((name) => holds(name, scope))).toEqual([true, false, false, true]);
  });

  it("that this cloud lacks are refused by name", () => {
    expect(() => evaluate({ "Fn::ImportValue": "x" }, scope)).toThrow(/Fn::ImportValue/);
  });

  it("that lead nowhere are refused", () => {
    expect(() => evaluate({ Ref: "Nothing" }, scope)).toThrow(/Unresolved resource dependencies \[Nothing\]/);
    expect(() => evaluate({ "Fn::GetAtt": ["Ledger", "Colour"] }, scope)).toThrow(/attribute type Colour/);
  });
});

describe("templates", () => {
  it("in YAML mean the same as in JSON", () => {
    const yaml = `
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
Parameters:
  Stage: { Type: String }
Resources:
  Role:
    Type: AWS::IAM::Role
    Condition: IsDev
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement: []
      RoleName: !Sub "kiln-\${Stage}"
      Description: !GetAtt Other.Arn
  Other: { Type: AWS::S3::Bucket }
`;
    expect(parseTemplate(yaml)).toMatchObject({
      Conditions: { IsDev: { "Fn::Equals": [{ Ref: "Stage" }, "dev"] } },
      Resources: {
        Role: {
          Condition: "IsDev",
          Properties: {
            AssumeRolePolicyDocument: { Version: "2012-10-17" },
            RoleName: { "Fn::Sub": `kiln-\${Stage}` },
            Description: { "Fn::GetAtt": ["Other", "Arn"] },
          },
        },
      },
    });
  });

  it.each([
    ["no resources", { Resources: {} }, /At least one Resources member/],
    ["a section that is not known", { Resources: { A: { Type: "x" } }, Rules: {} }, /\[Rules\]/],
    ["a macro", { Transform: "AWS::Serverless-2016-10-31", Resources: { A: { Type: "x" } } }, /\[Transform\]/],
    ["an odd attribute", { Resources: { A: { Type: "x", CreationPolicy: {} } } }, /CreationPolicy/],
  ])("with %s are refused", (_name, template, message) => {
    expect(() => parseTemplate(JSON.stringify(template))).toThrow(message);
  });

  it("are worked through in the order of their dependencies", () => {
    const template = parseTemplate(
      JSON.stringify({
        Resources: {
          Function: { Type: "x", Properties: { Role: { "Fn::GetAtt": ["Role", "Arn"] } }, DependsOn: ["Log"] },
          Role: { Type: "x", Properties: { Name: { "Fn::Sub": `\${Bucket.Arn}/*` } } },
          Log: { Type: "x" },
          Bucket: { Type: "x" },
        },
      }),
    );
    const order = dependencyOrder(template, new Set(["Function", "Role", "Log", "Bucket"]));
    expect(order.get("Function")).toEqual(["Log", "Role"]);
    expect([...order.keys()].indexOf("Role")).toBeGreaterThan([...order.keys()].indexOf("Bucket"));
    expect([...order.keys()].at(-1)).toBe("Function");
  });

  it("that go round in a circle are refused", () => {
    const template = parseTemplate(
      JSON.stringify({
        Resources: { A: { Type: "x", Properties: { b: { Ref: "B" } } }, B: { Type: "x", DependsOn: "A" } },
      }),
    );
    expect(() => dependencyOrder(template, new Set(["A", "B"]))).toThrow(
      /Circular dependency between resources: \[A, B\]/,
    );
  });
});
