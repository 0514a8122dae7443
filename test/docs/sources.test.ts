import { describe, expect, it } from "vitest";
import { cloudServices } from "../../scripts/documents/cloud-services.ts";
import { commentedKeys } from "../../scripts/documents/commented-keys.ts";
import { listedErrors } from "../../scripts/documents/error-list.ts";
import { rolesOf } from "../../scripts/documents/roles.ts";
import { serviceComments, serviceCommentsIn } from "../../scripts/documents/service-comments.ts";
import { specDocument } from "../../scripts/documents/spec-reference.ts";
import * as errors from "../../shared/errors.ts";

describe("errors", () => {
  it("lists every error with a meaning", () => {
    const kinds = Object.values(errors).filter(
      (kind): kind is typeof errors.NetworkError =>
        typeof kind === "function" && kind.prototype instanceof errors.KilnError,
    );
    expect(listedErrors().map(({ name }) => name)).toEqual(
      expect.arrayContaining(kinds.map((Kind) => new Kind("", "").name)),
    );
    expect(listedErrors()).toHaveLength(kinds.length);
    expect(listedErrors().filter(({ meaning }) => meaning === "")).toEqual([]);
  });
});

describe("the embedded cloud's services", () => {
  it("are all listed: no class that implements Service is forgotten", () => {
    const listed = cloudServices().map((service) => service.constructor.name);
    expect(listed.sort()).toEqual(
      serviceComments()
        .map(({ className }) => className)
        .sort(),
    );
  });

  it("each say what they are and how they differ from AWS, and have operations", () => {
    expect(serviceComments().filter(({ summary, differences }) => summary === "" || differences === "")).toEqual([]);
    expect(cloudServices().filter(({ operations }) => Object.keys(operations).length === 0)).toEqual([]);
  });

  it("have what differs from AWS told apart", () => {
    const source =
      "/** A post office. Differences from AWS: no stamps;\n * no letters. */\nexport class Post implements Service {";
    expect(serviceCommentsIn(source)).toEqual([
      { className: "Post", summary: "A post office.", differences: "No stamps; no letters." },
    ]);
  });
});

describe("keys of a schema", () => {
  const source = `
const sugar = z.strictObject({
  /** Unit: lumps. */
  lumps: z.number(),
});

export const tea = z.strictObject({
  /** Which
   * leaf. */
  leaf: z.string(),
  cup: z.strictObject({
    /** Of what. */
    material: z.string(),
  }),
  bowls: z.array(sugar),
  sugar,
});
`;

  it("of the service spec all have a meaning", () => {
    const rows = specDocument()
      .split("\n")
      .filter((line) => line.startsWith("| `"));
    expect(rows.length).toBeGreaterThan(30);
    expect(rows.filter((row) => /\|\s*\|$/.test(row))).toEqual([]);
  });

  it("carry the comments above them, those of other schemas where they are used", () => {
    expect(Object.fromEntries(commentedKeys(source, "tea"))).toEqual({
      leaf: "Which leaf.",
      "cup.material": "Of what.",
      "bowls[].lumps": "Unit: lumps.",
      "sugar.lumps": "Unit: lumps.",
    });
  });
});

describe("roles", () => {
  const text = `
Resources:
  Queue: { Type: AWS::SQS::Queue }
  ReaderRole:
    Type: AWS::IAM::Role
    Properties:
      RoleName: kiln-\${sls:stage}-reader
      Policies:
        # Everybody logs.
        - &log
          PolicyName: log
          PolicyDocument:
            Statement:
              - { Effect: Allow, Action: logs:PutLogEvents, Resource: "*" }
        - PolicyName: act
          PolicyDocument:
            Statement:
              # Reads what there is.
              - Effect: Allow
                Action: [s3:GetObject]
                Resource: { Fn::Sub: "arn:\${AWS::Partition}:s3:::\${LedgerBucket}/*" }
                Condition:
                  StringEquals: { "aws:ResourceTag/kiln:stage": "\${sls:stage}" }
              - Effect: Allow
                Action: s3:ListBucket
                Resource: { Fn::GetAtt: [LedgerBucket, Arn] }
  OtherRole:
    Type: AWS::IAM::Role
    Properties:
      RoleName: kiln-\${sls:stage}-other
      Policies: [*log]
`;

  it("tell what they allow, where, when and why", () => {
    const log = {
      name: "log",
      statements: [{ actions: ["logs:PutLogEvents"], resources: ["*"], conditions: [], why: "Everybody logs." }],
    };
    expect(rolesOf(text)).toEqual([
      {
        name: "kiln-<stage>-reader",
        policies: [
          log,
          {
            name: "act",
            statements: [
              {
                actions: ["s3:GetObject"],
                resources: ["arn:aws:s3:::<LedgerBucket>/*"],
                conditions: ["StringEquals aws:ResourceTag/kiln:stage: <stage>"],
                why: "Reads what there is.",
              },
              { actions: ["s3:ListBucket"], resources: ["<LedgerBucket>"], conditions: [], why: "" },
            ],
          },
        ],
      },
      { name: "kiln-<stage>-other", policies: [expect.objectContaining({ name: "log" })] },
    ]);
  });
});
