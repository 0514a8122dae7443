/** What a candidate needs beside its image, as it was found while the image is being made. */
export interface PreFlightView {
  /** Instances the candidate will start with. */
  needed: number;
  instanceType: string;
  /** Undefined when the type's family has a quota of its own. */
  vcpus: { free: number; quota: number; each: number; named: string } | undefined;
  subnets: readonly { id: string; freeAddresses: number }[];
  targetGroups: { used: number; limit: number };
  /** Of the load balancer: the rules of all its listeners, without their default ones. */
  rules: { used: number; limit: number };
  /** How many the deploy makes. */
  rulesNeeded: number;
  /** State of the key under which images are. */
  keyState: string;
  /** Whether the key's policy lets Auto Scaling launch from images under it. */
  autoScalingMayUseKey: boolean;
  /** What EC2 answers when it is asked to launch one instance without doing so; undefined: it would. */
  launchRefusal: string | undefined;
}

/** Something that is missing, and what to do about it. */
export interface Shortage {
  what: string;
  fix: string;
}

/** Everything that would keep the candidate from running, found before the long work is spent. */
export function shortagesOf(view: PreFlightView): Shortage[] {
  const { needed, instanceType, vcpus, subnets, targetGroups, rules } = view;
  const shortages: Shortage[] = [];
  const missing = (what: string, fix: string) => shortages.push({ what, fix });
  if (vcpus && vcpus.free < needed * vcpus.each) {
    const wanted = `${needed} ${instanceType} need ${needed * vcpus.each} vCPUs`;
    missing(`${wanted}, and ${vcpus.free} of the account's ${vcpus.quota} are free`, `Raise the quota ${vcpus.named}.`);
  }
  const free = subnets.reduce((sum, { freeAddresses }) => sum + freeAddresses, 0);
  if (free < needed) {
    const where = subnets.map(({ id, freeAddresses }) => `${id} has ${freeAddresses}`).join(", ");
    missing(
      `${needed} instances need an address each, and the load balancer's subnets have ${free} free (${where || "none"})`,
      "Add a subnet to the load balancer, or free addresses.",
    );
  }
  if (targetGroups.used + 1 > targetGroups.limit) {
    missing(
      `the account has ${targetGroups.used} of ${targetGroups.limit} target groups`,
      "Raise the quota of target groups.",
    );
  }
  if (rules.used + view.rulesNeeded > rules.limit) {
    const wanted = `and a deploy needs ${view.rulesNeeded} more`;
    missing(`the load balancer has ${rules.used} of ${rules.limit} rules, ${wanted}`, "Raise the quota of rules.");
  }
  if (view.keyState !== "Enabled") missing(`the key of the stage's images is ${view.keyState}`, "Enable it.");
  if (!view.autoScalingMayUseKey) {
    missing(
      "the policy of the key of the stage's images does not let Auto Scaling's service-linked role use it",
      "Put back the key policy of the stack's template.",
    );
  }
  if (view.launchRefusal !== undefined) {
    missing(`EC2 would not launch ${instanceType}: ${view.launchRefusal}`, "Do what EC2 says.");
  }
  return shortages;
}

/** Auto Scaling launches under this role. Source: Auto Scaling user guide, "Service-linked roles". */
const launcher = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";

/** What launching from an encrypted image takes. Source: Auto Scaling user guide, "Required AWS KMS key policy". */
const launchActions = ["kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"];

/**
 * Whether a key policy names Auto Scaling's service-linked role for all that a launch takes, as a principal or by the
 * condition `aws:PrincipalArn`. No policy can be attached to that role, so the key's own is what decides.
 */
export function autoScalingMayUse(policy: string, keyArn: string): boolean {
  const [, partition, , , account] = keyArn.split(":");
  const role = `arn:${partition}:iam::${account}:${launcher}`;
  const { Statement = [] } = JSON.parse(policy) as { Statement?: Statement | Statement[] };
  const allowing = listed(Statement).filter((statement) => statement.Effect === "Allow" && isFor(statement, role));
  const actions = allowing.flatMap(({ Action = [] }) => listed(Action));
  return launchActions.every((action) => actions.some((allowed) => matches(allowed, action)));
}

interface Statement {
  Effect?: string;
  Principal?: string | { AWS?: string | string[] };
  Action?: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

function isFor({ Principal, Condition = {} }: Statement, role: string): boolean {
  const principals = typeof Principal === "string" ? [Principal] : listed(Principal?.AWS ?? []);
  if (principals.includes(role)) return true;
  if (!principals.includes("*")) return false;
  const named = ["ArnEquals", "ArnLike", "StringEquals", "StringLike"].flatMap((operator) =>
    listed(Condition[operator]?.["aws:PrincipalArn"] ?? []),
  );
  return named.length === 0 || named.some((pattern) => matches(pattern, role));
}

function listed<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}

function matches(pattern: string, value: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "i").test(value);
}
