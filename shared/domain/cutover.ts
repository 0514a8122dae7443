import type { FleetHealth } from "./health.ts";

/** One target group in Kiln's production rule. Unit of weights: ELBv2 allows 0–999; each group gets its share of their sum. */
export interface Weight {
  targetGroupArn: string;
  weight: number;
}

/** The least share of today's healthy targets that must be healthy after a change of traffic. */
export const capacityFloor = 0.9;

export type CutoverDecision =
  | { kind: "done" }
  | { kind: "refuse"; reason: string }
  /** Somebody else changed the rule since the step before. */
  | { kind: "conflict"; reason: string }
  | { kind: "switch"; weights: Weight[] };

/** What a cutover, or one step of it, is decided from: read at this very instant. */
export interface CutoverView {
  weights: Weight[] | undefined;
  to: string;
  /** Group of the release that the ledger calls live: it will stand by. */
  live: string | undefined;
  /** Unit: percent of the requests, 1–100, that `to` is to get. */
  percent: number;
  /** What it got in the step before; left out for the first one, which may find a rule that an interrupted deploy left. */
  percentBefore?: number | undefined;
  toHealth: FleetHealth;
  needed: number;
  /** Health of the group that gives requests up. */
  fromHealth: FleetHealth | undefined;
  /** Set when the spec allows a service to become smaller: what it may have at most. */
  shrinksTo?: number | undefined;
  /** Whether the live release has healthy targets, to take what `to` does not get. */
  liveCanServe: boolean;
}

/** Target groups of a forward action. Source: quotas of Application Load Balancers, "Target groups per action". */
const groupsPerAction = 5;

/**
 * Decides whether production traffic may move to `to`, all of it or a share, and what the rule says afterwards. Fails
 * closed: a health that could not be read is not passed in as healthy. A share needs a live release that can take the
 * rest; without one everything moves.
 */
export function decideCutover(view: CutoverView): CutoverDecision {
  const { weights, to, live, toHealth, needed, percentBefore, liveCanServe } = view;
  const up = Math.min(view.fromHealth?.healthy ?? 0, view.shrinksTo ?? Number.POSITIVE_INFINITY);
  const wanted = switched(weights, to, live, liveCanServe ? view.percent : 100);
  if (weights && sameShares(weights, wanted)) return { kind: "done" };
  if (percentBefore !== undefined && weights && liveCanServe) {
    const left = switched(weights, to, live, percentBefore);
    if (!sameShares(weights, left)) {
      return { kind: "conflict", reason: `the rule says ${shares(weights)}, and was left at ${shares(left)}` };
    }
  }
  if (toHealth.healthy < needed) {
    return { kind: "refuse", reason: `${toHealth.healthy} healthy targets, ${needed} needed` };
  }
  if (up > 0 && toHealth.healthy / up < capacityFloor) {
    return { kind: "refuse", reason: `${toHealth.healthy} healthy targets would replace ${up}` };
  }
  return { kind: "switch", weights: wanted };
}

/**
 * Why the requests may not go back to generation 0, or undefined when they may. Its servers are somebody else's, of any
 * size, so they are not counted against Kiln's: nearly all of them must be healthy.
 */
export function refuseWithdrawal(zero: FleetHealth | undefined): string | undefined {
  if (!zero) return "no target group would answer in its stead";
  if (zero.healthy > 0 && zero.healthy / zero.total >= capacityFloor) return undefined;
  return `${zero.healthy} of ${zero.total} targets of generation 0 are healthy`;
}

/**
 * The rule after `to` was given its share. What the ledger calls live stays in it, with the rest of the requests or at
 * weight 0, since a group that no rule names is not health-checked and could not take over again. So does every other group
 * that stands in the rule: only the targets of a group that a rule names are drained, so it leaves the rule when its fleet
 * is gone, and what is under way there ends in peace.
 * @param percent Whole numbers from 1 to 100. With a live release the weights of a share add up to 100.
 */
export function switched(
  weights: Weight[] | undefined,
  to: string,
  live: string | undefined,
  percent: number,
): Weight[] {
  const isWhole = percent >= 100 || live === undefined || live === to;
  return [
    { targetGroupArn: to, weight: isWhole ? 1 : percent },
    ...resting(to, [live, weights && servingGroup(weights), ...groupsOf(weights)]).map((group) => ({
      targetGroupArn: group,
      weight: !isWhole && group === live ? 100 - percent : 0,
    })),
  ];
}

/** The rule that sends everything back to what was live, with its standby health-checked again and the others draining. */
export function restoredWeights(weights: Weight[], live: string, standby: string | undefined): Weight[] {
  const others = resting(live, [standby, servingGroup(weights), ...groupsOf(weights)]);
  return [{ targetGroupArn: live, weight: 1 }, ...others.map((targetGroupArn) => ({ targetGroupArn, weight: 0 }))];
}

/** The groups beside `to`, each once; the first ones where a rule has no room for all. */
function resting(to: string, others: readonly (string | undefined)[]): string[] {
  const groups = [...new Set(others)].filter((group) => group !== undefined);
  return groups.filter((group) => group !== to).slice(0, groupsPerAction - 1);
}

function groupsOf(weights: Weight[] | undefined): string[] {
  return (weights ?? []).map(({ targetGroupArn }) => targetGroupArn);
}

/** The group that gets the requests, when exactly one does; the heaviest one otherwise. */
export function servingGroup(weights: Weight[]): string | undefined {
  const heaviest = [...weights].sort((a, b) => b.weight - a.weight)[0];
  return heaviest && heaviest.weight > 0 ? heaviest.targetGroupArn : undefined;
}

export function sameWeights(a: Weight[], b: Weight[]): boolean {
  return asText(a) === asText(b);
}

/** Whether two rules send every request to the same groups in the same proportion, whatever rests in them at weight 0. */
function sameShares(a: Weight[], b: Weight[]): boolean {
  return asText(inPercent(a)) === asText(inPercent(b));
}

function inPercent(weights: Weight[]): Weight[] {
  const sum = weights.reduce((total, { weight }) => total + weight, 0);
  return weights
    .filter(({ weight }) => weight > 0)
    .map(({ targetGroupArn, weight }) => ({ targetGroupArn, weight: (weight * 100) / sum }));
}

function asText(weights: Weight[]): string {
  return weights
    .map(({ targetGroupArn, weight }) => `${targetGroupArn} ${weight}`)
    .sort()
    .join();
}

/** For a person: `green 10 %, blue 90 %`; a group by the readable part of its ARN. */
function shares(weights: Weight[]): string {
  const told = inPercent(weights).map(
    ({ targetGroupArn, weight }) => `${targetGroupArn.split("/").at(-2) ?? targetGroupArn} ${weight} %`,
  );
  return told.join(", ") || "nothing";
}
