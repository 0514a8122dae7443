import type { FleetHealth } from "./health.ts";

/** One target group in Kiln's production rule. */
export interface Weight {
  targetGroupArn: string;
  weight: number;
}

/** The least share of today's healthy targets that must be healthy after a switch. */
export const capacityFloor = 0.9;

export type CutoverDecision =
  | { kind: "done" }
  | { kind: "refuse"; reason: string }
  | { kind: "switch"; weights: Weight[] };

/**
 * Decides whether all production traffic may move to `to`, and what the rule says afterwards. Fails closed: a health that
 * could not be read is not passed in as healthy.
 */
export function decideCutover(world: {
  weights: Weight[] | undefined;
  to: string;
  /** Group of the release that the ledger calls live: it will stand by. */
  live: string | undefined;
  toHealth: FleetHealth;
  needed: number;
  fromHealth: FleetHealth | undefined;
}): CutoverDecision {
  const { weights, to, toHealth, needed } = world;
  if (weights && servingGroup(weights) === to) return { kind: "done" };
  if (toHealth.healthy < needed) {
    return { kind: "refuse", reason: `${toHealth.healthy} healthy targets, ${needed} needed` };
  }
  const up = world.fromHealth?.healthy ?? 0;
  if (up > 0 && toHealth.healthy / up < capacityFloor) {
    return { kind: "refuse", reason: `${toHealth.healthy} healthy targets would replace ${up}` };
  }
  return { kind: "switch", weights: switched(weights, to, world.live) };
}

/**
 * The rule after a switch to `to`. What the ledger calls live stays in it at weight 0, since a group that no rule names is
 * not health-checked and could not take over again. So does the group that served until now, when an interrupted deploy
 * made that another one: its requests in flight end in peace.
 */
export function switched(weights: Weight[] | undefined, to: string, live: string | undefined): Weight[] {
  const others = new Set([live, weights && servingGroup(weights)]);
  const resting = [...others].filter((group) => group !== undefined && group !== to);
  return [
    { targetGroupArn: to, weight: 1 },
    ...resting.map((group) => ({ targetGroupArn: group as string, weight: 0 })),
  ];
}

/** The rule that sends everything back to what was live, with its standby health-checked again. */
export function restoredWeights(live: string, standby: string | undefined): Weight[] {
  const rest = standby !== undefined && standby !== live ? [{ targetGroupArn: standby, weight: 0 }] : [];
  return [{ targetGroupArn: live, weight: 1 }, ...rest];
}

/** The group that gets the requests, when exactly one does; the heaviest one otherwise. */
export function servingGroup(weights: Weight[]): string | undefined {
  const heaviest = [...weights].sort((a, b) => b.weight - a.weight)[0];
  return heaviest && heaviest.weight > 0 ? heaviest.targetGroupArn : undefined;
}

export function sameWeights(a: Weight[], b: Weight[]): boolean {
  const text = (weights: Weight[]) =>
    weights
      .map(({ targetGroupArn, weight }) => `${targetGroupArn} ${weight}`)
      .sort()
      .join();
  return text(a) === text(b);
}
