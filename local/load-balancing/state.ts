import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import type { BalancerDocument, GroupDocument, ListenerDocument, RuleDocument, TargetDocument } from "./documents.ts";
import { notFound } from "./errors.ts";

/** Where clients reach a listener on this machine; kept so that it stays the same after a restart. */
export interface EndpointDocument {
  listenerArn: string;
  port: number;
}

/**
 * What the service remembers, with the look-ups every operation shares. ARNs nest (a rule's ARN starts like its
 * listener's), so "all rules of a listener" is a key prefix.
 */
export class BalancingState {
  readonly balancers: Collection<BalancerDocument>;
  readonly listeners: Collection<ListenerDocument>;
  readonly rules: Collection<RuleDocument>;
  readonly groups: Collection<GroupDocument>;
  readonly endpoints: Collection<EndpointDocument>;
  readonly #targets: Collection<TargetDocument>;
  /** Targets by group, because the proxy asks for them with every request. */
  readonly #targetsByGroup = new Map<string, readonly Readonly<TargetDocument>[]>();

  constructor({ store }: Kernel) {
    this.balancers = store.collection("elasticloadbalancing.balancers");
    this.listeners = store.collection("elasticloadbalancing.listeners");
    this.rules = store.collection("elasticloadbalancing.rules");
    this.groups = store.collection("elasticloadbalancing.groups");
    this.endpoints = store.collection("elasticloadbalancing.endpoints");
    this.#targets = store.collection("elasticloadbalancing.targets");
  }

  /** @throws {AwsError} LoadBalancerNotFound */
  balancer(arn: string): Readonly<BalancerDocument> {
    return this.balancers.get(arn) ?? notFound("LoadBalancer", `Load balancer '${arn}' not found`);
  }

  /** @throws {AwsError} ListenerNotFound */
  listener(arn: string): Readonly<ListenerDocument> {
    return this.listeners.get(arn) ?? notFound("Listener", `Listener '${arn}' not found`);
  }

  /** @throws {AwsError} RuleNotFound */
  rule(arn: string): Readonly<RuleDocument> {
    return this.rules.get(arn) ?? notFound("Rule", `Rule '${arn}' not found`);
  }

  /** @throws {AwsError} TargetGroupNotFound */
  group(arn: string): Readonly<GroupDocument> {
    return this.groups.get(arn) ?? notFound("TargetGroup", `Target groups '${arn}' not found`);
  }

  listenersOf(balancerArn: string): Readonly<ListenerDocument>[] {
    return this.listeners.list(`${balancerArn.replace(":loadbalancer/", ":listener/")}/`);
  }

  /** Rules of a listener in the order they are tried, the default rule last. */
  rulesOf(listenerArn: string): Readonly<RuleDocument>[] {
    const rules = this.rules.list(`${listenerArn.replace(":listener/", ":listener-rule/")}/`);
    const order = (rule: Readonly<RuleDocument>) => rule.priority ?? Number.POSITIVE_INFINITY;
    return rules.sort((a, b) => order(a) - order(b));
  }

  /** The rule that holds a listener's default actions. */
  defaultRuleOf(listenerArn: string): Readonly<RuleDocument> {
    const found = this.rulesOf(listenerArn).find((rule) => rule.priority === undefined);
    if (!found) throw new Error(`listener ${listenerArn} has no default rule`);
    return found;
  }

  /** The load balancer whose rules name this group, or undefined when none does. AWS allows only one. */
  balancerOf(groupArn: string): Readonly<BalancerDocument> | undefined {
    const rule = this.rules.list().find(({ actions }) => groupsNamed(actions).includes(groupArn));
    return rule && this.balancers.get(this.listener(rule.listenerArn).balancerArn);
  }

  /** Every group that a rule of this load balancer names, each once. */
  groupsOf(balancerArn: string): string[] {
    const prefix = `${balancerArn.replace(":loadbalancer/", ":listener-rule/")}/`;
    return [...new Set(this.rules.list(prefix).flatMap(({ actions }) => groupsNamed(actions)))];
  }

  targetsOf(groupArn: string): readonly Readonly<TargetDocument>[] {
    let targets = this.#targetsByGroup.get(groupArn);
    if (!targets) {
      targets = this.#targets.list(`${groupArn}|`);
      this.#targetsByGroup.set(groupArn, targets);
    }
    return targets;
  }

  target(groupArn: string, id: string, port: number): Readonly<TargetDocument> | undefined {
    return this.#targets.get(targetKey(groupArn, id, port));
  }

  allTargets(): Readonly<TargetDocument>[] {
    return this.#targets.list();
  }

  putTarget(target: TargetDocument): void {
    this.#targets.put(targetKey(target.groupArn, target.id, target.port), target);
    this.#targetsByGroup.delete(target.groupArn);
  }

  deleteTarget(groupArn: string, id: string, port: number): void {
    this.#targets.delete(targetKey(groupArn, id, port));
    this.#targetsByGroup.delete(groupArn);
  }
}

export function targetKey(groupArn: string, id: string, port: number): string {
  return `${groupArn}|${id}|${port}`;
}

/** Target groups that actions forward to, each once. */
export function groupsNamed(actions: readonly RuleDocument["actions"][number][]): string[] {
  const named = actions.flatMap((action) => action.ForwardConfig?.TargetGroups ?? []);
  return [...new Set(named.map((tuple) => tuple.TargetGroupArn ?? ""))];
}
