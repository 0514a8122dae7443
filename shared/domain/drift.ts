import type { Release } from "./release.ts";

/** An instance as EC2 describes it, as far as somebody could have touched it from outside. */
export interface SeenInstance {
  id: string;
  service: string;
  generation: string;
  instanceType: string;
  securityGroupIds: string[];
  /** Name of its instance profile. */
  profile: string | undefined;
  imdsV2Only: boolean;
  /** Unit: milliseconds since the Unix epoch. */
  launchedAtMs: number;
  volumes: { device: string; attachedAtMs: number; deletedWithIt: boolean }[];
}

/** Something that somebody did to an instance and that may leave no trace on it: told by an event of CloudTrail. */
export interface Touch {
  instanceId: string;
  /** Name of the call, such as `SendSSHPublicKey`. */
  what: string;
  /** ARN of the caller. */
  by?: string;
  /** ISO time. */
  at?: string;
}

/** A command that was sent to an instance through SSM. */
export interface SentCommand {
  instanceId: string;
  commandId: string;
  document: string;
  comment: string;
  atMs: number;
}

/** Comments of commands that Kiln sends begin with this; every other command is somebody's hand on the instance. */
export const ownCommandPrefix = "kiln ";

/** Unit: milliseconds. Volumes of a launch are attached within seconds of it; the rest is for clocks. */
const attachedAtLaunchMs = 300_000;

/**
 * What is different about an instance from what its release was frozen with, each in words; empty for one that nobody touched.
 */
export function touchesOf(
  seen: SeenInstance,
  { spec, network }: Pick<Release, "spec" | "network">,
  commands: readonly SentCommand[],
  told: readonly Touch[],
): string[] {
  const checks: [touched: boolean, words: string][] = [
    [seen.instanceType !== spec.instanceType, `its type is ${seen.instanceType}, not ${spec.instanceType}`],
    [!sameSet(seen.securityGroupIds, network.securityGroupIds), groupWords(seen, network.securityGroupIds)],
    [
      seen.profile !== spec.instanceProfile,
      `its profile is ${seen.profile ?? "none"}, not ${spec.instanceProfile ?? "none"}`,
    ],
    [!seen.imdsV2Only, "its metadata answers without a token, or to more than one hop"],
  ];
  const late = seen.volumes.filter(({ attachedAtMs }) => attachedAtMs - seen.launchedAtMs > attachedAtLaunchMs);
  const lasting = seen.volumes.filter(({ deletedWithIt }) => !deletedWithIt);
  const sent = commands.filter(
    ({ instanceId, comment, atMs }) =>
      instanceId === seen.id && atMs >= seen.launchedAtMs && !comment.startsWith(ownCommandPrefix),
  );
  return [
    ...checks.flatMap(([touched, words]) => (touched ? [words] : [])),
    ...late.map(({ device }) => `a volume was attached at ${device} after its launch`),
    ...lasting.filter((one) => !late.includes(one)).map(({ device }) => `its volume ${device} would outlive it`),
    ...sent.map(({ document, commandId }) => `command ${commandId} (${document}) was sent to it`),
    ...told.filter(({ instanceId }) => instanceId === seen.id).map(({ what, by }) => `${what}${by ? ` by ${by}` : ""}`),
  ];
}

function groupWords({ securityGroupIds }: SeenInstance, wanted: readonly string[]): string {
  return `its security groups are ${securityGroupIds.join(" and ") || "none"}, not ${wanted.join(" and ")}`;
}

function sameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((value) => other.includes(value));
}

/** The instances of one fleet, as its group sees them. */
export interface FleetMembers {
  desired: number;
  members: { id: string; inService: boolean; healthy: boolean }[];
}

export type Replacement =
  | { kind: "none" }
  /** Its replacement is under way, or the fleet is not whole: another instance less would be below its capacity. */
  | { kind: "wait"; why: string }
  | { kind: "replace"; instanceId: string };

/**
 * Which touched instance of a fleet goes next: one at a time, and only while all of the fleet serves.
 * @param healthyTargets What the load balancer calls healthy.
 */
export function nextReplacement(
  { desired, members }: FleetMembers,
  touched: ReadonlySet<string>,
  healthyTargets: number,
): Replacement {
  const [first] = members.filter(({ id }) => touched.has(id)).sort((a, b) => (a.id < b.id ? -1 : 1));
  if (!first) return { kind: "none" };
  const leaving = members.find(({ inService, healthy }) => !inService || !healthy);
  if (leaving) return { kind: "wait", why: `${leaving.id} is on its way` };
  if (members.length !== desired) return { kind: "wait", why: `${members.length} of ${desired} instances are there` };
  if (healthyTargets < desired) return { kind: "wait", why: `${healthyTargets} of ${desired} targets are healthy` };
  return { kind: "replace", instanceId: first.id };
}

/** What a fleet's group must say by its release, whatever the load does. */
export interface GroupFacts {
  max: number;
  templateName: string | undefined;
  targetGroupArns: readonly string[];
  suspended: readonly string[];
  /** Unit: seconds after which a server is replaced; 0 for never. */
  maxAgeSeconds: number;
}

/**
 * What somebody else changed about a fleet's group. Its present and least size are not judged: load, pins and people move them.
 */
export function groupDifferences(
  generation: string,
  facts: GroupFacts,
  wanted: { max: number; templateName: string; targetGroupArn: string | undefined; maxAgeSeconds: number },
): string[] {
  const { max, templateName, targetGroupArns, suspended, maxAgeSeconds } = facts;
  const checks: [different: boolean, words: string][] = [
    [max < wanted.max, `its largest size is ${max}, its spec says ${wanted.max}`],
    [
      templateName !== wanted.templateName,
      `it launches from ${templateName ?? "no template"}, not ${wanted.templateName}`,
    ],
    [
      wanted.targetGroupArn !== undefined && !targetGroupArns.includes(wanted.targetGroupArn),
      "its new instances are not given to its target group",
    ],
    [
      maxAgeSeconds !== wanted.maxAgeSeconds,
      `its servers may be ${ageWords(maxAgeSeconds)} old, its spec says ${ageWords(wanted.maxAgeSeconds)}`,
    ],
    [suspended.length > 0, `its processes ${suspended.join(" and ")} are suspended`],
  ];
  return checks.flatMap(([different, words]) =>
    different ? [`the fleet of ${generation} was changed: ${words}`] : [],
  );
}

function ageWords(seconds: number): string {
  return seconds === 0 ? "any age" : `${seconds / 86_400} days`;
}
