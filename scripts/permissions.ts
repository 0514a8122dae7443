import { auditPermissions } from "./permissions/audit.ts";
import type { RolePermission } from "./permissions/role-policies.ts";

/**
 * `npm run permissions`: sends every state machine every kind of way in the simulation, and prints per role what is used but
 * not allowed, and what is allowed but never exercised, each with the reason that stands beside it in `infrastructure/`.
 * Ends with 1 when something is used and not allowed, or allowed and neither exercised nor explained.
 */
const { allowed, unused, refused } = await auditPermissions((line) => process.stderr.write(`${line}\n`));

console.log("Used but not allowed:");
for (const { role, action, resource, why } of refused) console.log(`  ${role}  ${action}  ${resource}  ${why}`);
if (refused.length === 0) console.log("  nothing");

console.log("\nAllowed but never exercised:");
for (const [role, permissions] of Map.groupBy(unused, ({ role }) => role)) {
  console.log(`  ${role}`);
  for (const [why, actions] of byReason(permissions)) {
    console.log(`    ${actions.join(", ")}\n      ${why || "NO REASON STANDS BESIDE IT"}`);
  }
}

const unexplained = unused.filter(({ why }) => why === "");
const roles = new Set(allowed.map(({ role }) => role)).size;
console.log(
  `\n${roles} roles, ${allowed.length} permissions: ${allowed.length - unused.length} exercised, ${unused.length} not, ` +
    `${unexplained.length} of those without a reason; ${refused.length} used but not allowed`,
);
// Drivers of the simulation keep nothing open, but timers of the SDK clients may.
process.exit(refused.length + unexplained.length === 0 ? 0 : 1);

function byReason(permissions: readonly RolePermission[]): [string, string[]][] {
  const grouped = Map.groupBy(permissions, ({ why }) => why);
  return [...grouped].map(([why, entries]) => [why, entries.map(({ action }) => action)]);
}
