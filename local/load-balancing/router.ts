import type { Action } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Kernel } from "../core/kernel.ts";
import { type Matcher, matcherOf, type RequestFacts } from "./conditions.ts";
import type { GroupDocument, TargetDocument } from "./documents.ts";
import type { ListenerConfiguration, Propagation, RuleConfiguration } from "./propagation.ts";
import { type BalancingState, targetKey } from "./state.ts";
import { groupCookies, groupFromCookie, targetCookies, targetFromCookie } from "./stickiness.ts";

/** What a node does with one request. */
export type Decision =
  | { kind: "forward"; groupArn: string; target: Readonly<TargetDocument>; failedOpen: boolean; cookies: string[] }
  | { kind: "respond"; action: Action }
  /** No target can take it: 503. */
  | { kind: "unavailable"; groupArn: string | undefined; reason: string }
  /** An action this cloud has no data plane for: 501 naming it. */
  | { kind: "unsupported"; actionType: string };

export interface RoutedRequest extends RequestFacts {
  /** Value of a cookie, or undefined. */
  cookie: (name: string) => string | undefined;
}

/**
 * Decides for one request which target answers it, by the configuration the given node has at present. It touches no
 * socket, so the proxy and a simulation share it.
 */
export class Router {
  readonly #kernel: Kernel;
  readonly #state: BalancingState;
  readonly #propagation: Propagation;
  /** Rules compiled once per configuration; the configuration objects never change. */
  readonly #compiled = new WeakMap<ListenerConfiguration, { matches: Matcher; rule: RuleConfiguration }[]>();
  readonly #turns = new Map<string, number>();
  readonly #outstanding = new Map<string, number>();

  constructor(kernel: Kernel, state: BalancingState, propagation: Propagation) {
    this.#kernel = kernel;
    this.#state = state;
    this.#propagation = propagation;
  }

  /** Returns undefined when the node does not know the listener (yet or any more). */
  route(balancerArn: string, node: number, listenerArn: string, request: RoutedRequest): Decision | undefined {
    const configuration = this.#propagation.configuration(balancerArn, node);
    const listener = configuration.listeners.find(({ arn }) => arn === listenerArn);
    const rule = listener && this.#rules(listener).find(({ matches }) => matches(request))?.rule;
    if (!rule) return undefined;
    // Actions are in their order, and everything before the last one authenticates.
    const [action] = rule.actions;
    if (action?.Type === "forward") return this.#forward(rule.arn, action, request);
    if (action?.Type === "fixed-response" || action?.Type === "redirect") return { kind: "respond", action };
    return { kind: "unsupported", actionType: action?.Type ?? "none" };
  }

  /** Counts a request to a target as under way, for least outstanding requests. Returns the function that ends it. */
  begin(key: string): () => void {
    this.#outstanding.set(key, this.#underWay(key) + 1);
    return () => this.#outstanding.set(key, this.#underWay(key) - 1);
  }

  #underWay(key: string): number {
    return this.#outstanding.get(key) ?? 0;
  }

  #rules(listener: ListenerConfiguration): { matches: Matcher; rule: RuleConfiguration }[] {
    let compiled = this.#compiled.get(listener);
    if (!compiled) {
      compiled = listener.rules.map((rule) => ({ matches: matcherOf(rule.conditions), rule }));
      this.#compiled.set(listener, compiled);
    }
    return compiled;
  }

  #forward(ruleArn: string, action: Action, request: RoutedRequest): Decision {
    const tuples = action.ForwardConfig?.TargetGroups ?? [];
    const { Enabled, DurationSeconds = 0 } = action.ForwardConfig?.TargetGroupStickinessConfig ?? {};
    const now = this.#kernel.clock.now();
    const stuck = Enabled ? groupFromCookie(request.cookie, ruleArn, now) : undefined;
    const known = stuck !== undefined && tuples.some(({ TargetGroupArn }) => TargetGroupArn === stuck);
    const groupArn = known ? stuck : this.#weighted(tuples);
    if (groupArn === undefined) return { kind: "unavailable", groupArn, reason: "all target groups have weight 0" };
    // The rule may be an old one on this node and its group already deleted.
    const group = this.#state.groups.get(groupArn);
    if (!group) return { kind: "unavailable", groupArn, reason: "the target group does not exist any more" };
    const cookies = Enabled && !known ? groupCookies(ruleArn, groupArn, now, DurationSeconds) : [];
    return this.#toTarget(group, request, cookies, now);
  }

  /** Picks a group with a probability of its weight in the sum of all. */
  #weighted(
    tuples: readonly { TargetGroupArn?: string | undefined; Weight?: number | undefined }[],
  ): string | undefined {
    const total = tuples.reduce((sum, { Weight = 0 }) => sum + Weight, 0);
    if (total === 0) return undefined;
    let left = tuples.length === 1 ? 0 : this.#kernel.random.next() * total;
    for (const { TargetGroupArn, Weight = 0 } of tuples) {
      if (left < Weight) return TargetGroupArn;
      left -= Weight;
    }
    return undefined;
  }

  #toTarget(group: Readonly<GroupDocument>, request: RoutedRequest, cookies: string[], now: number): Decision {
    const { targets, failedOpen } = routable(group, this.#state.targetsOf(group.arn));
    const groupArn = group.arn;
    if (targets.length === 0) return { kind: "unavailable", groupArn, reason: "the target group has no targets" };
    if (group.attributes["stickiness.enabled"] !== "true") {
      const target = this.#choose(group, targets, now);
      return { kind: "forward", groupArn, target, failedOpen, cookies };
    }
    const stuck = targetFromCookie(request.cookie, groupArn, now);
    const target = targets.find(({ id, port }) => `${id}:${port}` === stuck) ?? this.#choose(group, targets, now);
    const seconds = Number(group.attributes["stickiness.lb_cookie.duration_seconds"]);
    cookies.push(...targetCookies(groupArn, `${target.id}:${target.port}`, now, seconds));
    return { kind: "forward", groupArn, target, failedOpen, cookies };
  }

  #choose(
    group: Readonly<GroupDocument>,
    targets: readonly Readonly<TargetDocument>[],
    now: number,
  ): Readonly<TargetDocument> {
    const algorithm = group.attributes["load_balancing.algorithm.type"];
    const turn = (this.#turns.get(group.arn) ?? 0) + 1;
    this.#turns.set(group.arn, turn);
    const start = algorithm === "weighted_random" ? Math.floor(this.#kernel.random.next() * targets.length) : turn;
    let ordered = targets.map((_, index) => at(targets, start + index));
    if (algorithm === "least_outstanding_requests") {
      const load = ({ groupArn, id, port }: Readonly<TargetDocument>) => this.#underWay(targetKey(groupArn, id, port));
      ordered = ordered.sort((a, b) => load(a) - load(b));
    }
    const seconds = Number(group.attributes["slow_start.duration_seconds"]);
    const chosen = seconds === 0 ? ordered[0] : ordered.find((target) => this.#takesShare(target, seconds, now));
    return chosen ?? at(ordered, 0);
  }

  /** During slow start a target's chance to take its turn grows from 0 to 1 linearly. */
  #takesShare({ slowStartUntilMs }: Readonly<TargetDocument>, seconds: number, now: number): boolean {
    if (slowStartUntilMs === undefined || slowStartUntilMs <= now) return true;
    return this.#kernel.random.next() >= (slowStartUntilMs - now) / (seconds * 1000);
  }
}

/**
 * Targets a group sends requests to: the healthy ones, or with fewer healthy ones than the group asks for all of them
 * ("fail open"). Draining, stopped and unused targets never count. Source: "Target group health" in the Application Load
 * Balancers guide.
 */
export function routable(
  group: Readonly<GroupDocument>,
  targets: readonly Readonly<TargetDocument>[],
): { targets: readonly Readonly<TargetDocument>[]; failedOpen: boolean } {
  const present = targets.filter(({ state }) => state !== "draining" && state !== "unused");
  const healthy = present.filter(({ state }) => state === "healthy");
  const prefix = "target_group_health.unhealthy_state_routing.minimum_healthy_targets";
  const percentage = group.attributes[`${prefix}.percentage`];
  const share = percentage === "off" ? 0 : (Number(percentage) / 100) * present.length;
  const needed = Math.max(Number(group.attributes[`${prefix}.count`]), share);
  return healthy.length >= needed ? { targets: healthy, failedOpen: false } : { targets: present, failedOpen: true };
}

function at<T>(items: readonly T[], index: number): T {
  return items[index % items.length] as T;
}
