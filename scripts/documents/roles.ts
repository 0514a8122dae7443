import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Document, isAlias, isMap, isSeq, parseDocument, type YAMLMap } from "yaml";
import { projectRoot, readProjectFile } from "./document.ts";

/** What one statement of a policy allows, and the comment above it, which says why. */
export interface Statement {
  actions: string[];
  resources: string[];
  /** Each as `operator key: value`. */
  conditions: string[];
  why: string;
}

export interface Policy {
  name: string;
  statements: Statement[];
}

/** One IAM role of the stack. */
export interface Role {
  name: string;
  policies: Policy[];
}

const folder = "infrastructure";

/** Every role of the stack, file by file. */
export function readRoles(): Role[] {
  return readdirSync(join(projectRoot, folder))
    .sort()
    .flatMap((file) => rolesOf(readProjectFile(`${folder}/${file}`)));
}

/** Every role in a file of CloudFormation resources. */
export function rolesOf(text: string): Role[] {
  const document = parseDocument(text, { merge: true });
  const resources = document.get("Resources");
  if (!isMap(resources)) return [];
  return resources.items.flatMap(({ value }) => {
    if (!isMap(value) || value.get("Type") !== "AWS::IAM::Role") return [];
    const policies = value.getIn(["Properties", "Policies"], true);
    const above = isSeq(policies) ? commentOf(policies) : "";
    return [
      {
        name: readable(value.getIn(["Properties", "RoleName"])),
        policies: isSeq(policies)
          ? policies.items.map((item, index) => policyOf(item, index === 0 ? above : "", document))
          : [],
      },
    ];
  });
}

/** @param above The comment above the list, which stands above its first item. */
function policyOf(item: unknown, above: string, document: Document): Policy {
  const policy = isAlias(item) ? item.resolve(document) : item;
  if (!isMap(policy)) throw new Error("a role's policy is no map");
  const statements = policy.getIn(["PolicyDocument", "Statement"], true);
  if (!isSeq(statements)) throw new Error(`policy ${policy.get("PolicyName")} has no list of statements`);
  const ofFirst = commentOf(statements) || commentOf(policy) || above;
  return {
    name: String(policy.get("PolicyName")),
    statements: statements.items.map((statement, index) =>
      statementOf(statement as YAMLMap, index === 0 ? ofFirst : "", document),
    ),
  };
}

function statementOf(statement: YAMLMap, above: string, document: Document): Statement {
  const {
    Action,
    Resource,
    Condition = {},
  } = statement.toJS(document) as {
    Action: unknown;
    Resource: unknown;
    Condition?: Record<string, Record<string, unknown>>;
  };
  return {
    actions: list(Action).map(readable),
    resources: list(Resource).map(readable),
    conditions: Object.entries(Condition).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, value]) => `${operator} ${key}: ${list(value).map(readable).join(", ")}`),
    ),
    why: commentOf(statement) || above,
  };
}

function commentOf({ commentBefore }: { commentBefore?: string | null }): string {
  return (commentBefore ?? "")
    .split("\n")
    .map((line) => line.trim())
    .join(" ")
    .trim();
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** A value of the template with what is filled in later in angle brackets: `arn:aws:s3:::<LedgerBucket>/*`. */
function readable(value: unknown): string {
  if (typeof value === "object" && value !== null) {
    if ("Fn::Sub" in value) return readable(value["Fn::Sub"]);
    if ("Fn::GetAtt" in value) return `<${list(value["Fn::GetAtt"])[0]}>`;
    if ("Ref" in value) return `<${value.Ref}>`;
  }
  return String(value)
    .replaceAll("$" + "{AWS::Partition}", "aws")
    .replaceAll(/\$\{(?:AWS::|sls:)?(\w+)\}/g, (_, name: string) => `<${filledIn[name] ?? name}>`);
}

const filledIn: Record<string, string> = { Region: "region", AccountId: "account" };
