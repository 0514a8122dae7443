import { installActions, installPolicy } from "../../cli/install/install-policy.ts";
import { code, jsonText, markdownTable } from "./document.ts";
import { type Policy, type Role, readRoles } from "./roles.ts";

export function permissionsDocument(): string {
  const roles = readRoles();
  const shared = sharedPolicies(roles);
  return `# Permissions

Every role of a stage and what it may do. All stand under the path \`/kiln/<stage>/\`, which is also the only path whose
roles Kiln may pass to instances (below \`instances/\`). What is in angle brackets is filled in by the template. The
embedded cloud enforces the same policies. \`npm run permissions\` sends every state machine every kind of way and prints per
role what is used but not allowed (nothing), and what is allowed but never exercised, each with the reason below.

## Shared by several roles

${shared.map(sharedSection).join("\n\n")}

${roles.map((role) => roleSection(role, shared)).join("\n\n")}

## Installing

[install-policy.json](install-policy.json) is what it takes to install, update and remove a stage's stack;
\`kiln install-policy\` fills in what is in angle brackets. In the embedded cloud, where CloudFormation calls as whoever
deploys, a user with nothing else installs, updates and removes the packaged stack, and fails without any one of the
actions but these, which AWS alone asks for. They are read from AWS's documentation and have not been tried there.

${installTable()}
`;
}

/** The policy with placeholders, for people who install. */
export function installPolicyText(): string {
  const placeholders = { stage: "<stage>", partition: "aws", region: "<region>", accountId: "<account>" };
  return jsonText(installPolicy(placeholders));
}

function installTable(): string {
  const reasons = new Map<string, string[]>();
  for (const { action, why } of installActions()) {
    if (why !== null) reasons.set(why, [...(reasons.get(why) ?? []), action]);
  }
  return markdownTable(
    ["Action", "Why"],
    [...reasons].map(([why, actions]) => [lines(actions), why]),
  );
}

/** A policy that several roles have word for word, but for the name of a role's own log group. */
interface SharedPolicy {
  policy: Policy;
  roles: string[];
}

function sharedPolicies(roles: readonly Role[]): SharedPolicy[] {
  const found = new Map<string, SharedPolicy>();
  for (const role of roles) {
    for (const policy of role.policies) {
      const general = withoutOwnName(policy, role);
      const key = JSON.stringify(general);
      const entry = found.get(key) ?? { policy: general, roles: [] };
      entry.roles.push(role.name);
      found.set(key, entry);
    }
  }
  return [...found.values()].filter((entry) => entry.roles.length > 1);
}

function withoutOwnName(policy: Policy, { name }: Role): Policy {
  return JSON.parse(JSON.stringify(policy).replaceAll(`${name}:`, "kiln-<stage>-<handler>:"));
}

function sharedSection({ policy, roles }: SharedPolicy): string {
  return `**${policy.name}**: ${roles.map(code).join(", ")}\n\n${statementsTable([policy])}`;
}

function roleSection(role: Role, shared: readonly SharedPolicy[]): string {
  const isShared = (policy: Policy) => {
    const general = JSON.stringify(withoutOwnName(policy, role));
    return shared.some((entry) => JSON.stringify(entry.policy) === general);
  };
  const own = role.policies.filter((policy) => !isShared(policy));
  const common = role.policies.filter(isShared).map(({ name }) => name);
  const lines = [`## ${code(role.name)}`];
  if (common.length > 0) lines.push(`Shared: ${common.join(", ")}.`);
  lines.push(own.length > 0 ? statementsTable(own) : "Nothing of its own.");
  return lines.join("\n\n");
}

function statementsTable(policies: readonly Policy[]): string {
  const rows = policies.flatMap(({ statements }) =>
    statements.map(({ actions, resources, conditions, why }) => [
      lines(actions),
      lines(resources),
      lines(conditions),
      why,
    ]),
  );
  return markdownTable(["Action", "Resource", "Condition", "Why"], rows);
}

function lines(values: readonly string[]): string {
  return values.map(code).join("<br>");
}
