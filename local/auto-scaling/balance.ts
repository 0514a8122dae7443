import type { GroupDocument, InstanceDocument } from "./documents.ts";
import { counts } from "./documents.ts";

type Member = Pick<
  InstanceDocument,
  "id" | "zone" | "subnetId" | "state" | "protectedFromScaleIn" | "template" | "launchedAtMs"
>;

/** Subnets in the order a launch tries them: the zone with the fewest instances first, then the emptiest subnet. */
export function launchOrder(
  subnets: GroupDocument["subnets"],
  members: readonly Pick<Member, "zone" | "subnetId">[],
): GroupDocument["subnets"] {
  const inZone = (zone: string) => members.filter((member) => member.zone === zone).length;
  const inSubnet = (id: string) => members.filter((member) => member.subnetId === id).length;
  return [...subnets].sort((a, b) => inZone(a.zone) - inZone(b.zone) || inSubnet(a.id) - inSubnet(b.id));
}

/**
 * Which instances go when a group shrinks by `number`: one after the other from the zone that has the most, by the
 * group's termination policies. Protected instances never go. Source: "Configure termination policies".
 */
export function scaleInVictims<T extends Member>(
  group: Pick<GroupDocument, "terminationPolicies" | "template">,
  members: readonly T[],
  number: number,
  nowMs: number,
): T[] {
  let left = members.filter(counts);
  const victims: T[] = [];
  while (victims.length < number) {
    const victim = nextVictim(group, left, nowMs);
    if (!victim) break;
    victims.push(victim);
    left = left.filter(({ id }) => id !== victim.id);
  }
  return victims;
}

function nextVictim<T extends Member>(
  group: Pick<GroupDocument, "terminationPolicies" | "template">,
  members: readonly T[],
  nowMs: number,
): T | undefined {
  const candidates = members.filter(({ protectedFromScaleIn }) => !protectedFromScaleIn);
  const crowd = (zone: string) => members.filter((member) => member.zone === zone).length;
  const most = Math.max(...candidates.map(({ zone }) => crowd(zone)));
  const order = [...group.terminationPolicies.map((policy) => comparison(policy, group, nowMs)), byId];
  const inCrowd = candidates.filter(({ zone }) => crowd(zone) === most);
  return inCrowd.sort((a, b) => order.reduce((result, compare) => result || compare(a, b), 0))[0];
}

type Comparison = (a: Member, b: Member) => number;

const byId: Comparison = (a, b) => (a.id < b.id ? -1 : 1);

/** Smaller goes first. */
function comparison(policy: string, group: Pick<GroupDocument, "template">, nowMs: number): Comparison {
  const byAge: Comparison = (a, b) => a.launchedAtMs - b.launchedAtMs;
  // Instances of another template go before those of the group's own, and lower versions before higher ones.
  const age = ({ template }: Member) => (template.id === group.template.id ? Number(template.version) : -1);
  const byTemplate: Comparison = (a, b) => age(a) - age(b);
  const hourMs = 3_600_000;
  const untilNextHour = ({ launchedAtMs }: Member) => hourMs - ((nowMs - launchedAtMs) % hourMs);
  const byNextHour: Comparison = (a, b) => untilNextHour(a) - untilNextHour(b);
  switch (policy) {
    case "OldestInstance":
      return byAge;
    case "NewestInstance":
      return (a, b) => byAge(b, a);
    case "OldestLaunchTemplate":
      return byTemplate;
    case "ClosestToNextInstanceHour":
      return byNextHour;
    case "Default":
      return (a, b) => byTemplate(a, b) || byNextHour(a, b);
    default:
      // AllocationStrategy and OldestLaunchConfiguration distinguish nothing here: on-demand instances from templates only.
      return () => 0;
  }
}
