import type { Action, RuleCondition } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import type { BalancingState } from "./state.ts";

/** Each load balancer is two nodes, as AWS runs at least one in each of at least two zones. */
export const nodeCount = 2;

export interface RuleConfiguration {
  arn: string;
  conditions: RuleCondition[];
  actions: Action[];
}

export interface ListenerConfiguration {
  arn: string;
  port: number;
  /** In the order they are tried; the last one is the default rule and has no conditions. */
  rules: RuleConfiguration[];
}

/** Everything a node routes by: a plain copy of listeners and rules as they were at one moment. */
export interface NodeConfiguration {
  version: number;
  listeners: ListenerConfiguration[];
}

interface Pickup {
  balancerArn: string;
  node: number;
  version: number;
}

const nothing: NodeConfiguration = { version: 0, listeners: [] };

/**
 * Brings changes of listeners and rules to the nodes. A change does not take effect at once: each node picks it up after
 * a delay of its own, so for a while two nodes route differently. Source: "Rule updates do not take effect immediately,
 * so requests could be routed using the previous rule configuration for a short time after you update a rule"
 * (Application Load Balancers guide, "Update a rule").
 */
export class Propagation {
  readonly #kernel: Kernel;
  readonly #state: BalancingState;
  readonly #versions: Collection<NodeConfiguration>;
  readonly #changed: (balancerArn: string) => void;

  /** @param changed Called after a node of this load balancer took up a configuration. */
  constructor(kernel: Kernel, state: BalancingState, changed: (balancerArn: string) => void) {
    this.#kernel = kernel;
    this.#state = state;
    this.#versions = kernel.store.collection("elasticloadbalancing.configurations");
    this.#changed = changed;
    kernel.jobs.on<Pickup>("elasticloadbalancing.propagate", (pickup) => this.#pickUp(pickup));
  }

  /** Takes a copy of the load balancer's listeners and rules as they are now, and sends it to each node. */
  publish(balancerArn: string): void {
    const balancer = this.#state.balancer(balancerArn);
    const version = balancer.publishedVersion + 1;
    this.#versions.put(versionKey(balancerArn, version), { version, listeners: this.#listeners(balancerArn) });
    this.#state.balancers.put(balancerArn, { ...balancer, publishedVersion: version });
    const { rulePropagationMinSeconds: min, rulePropagationMaxSeconds: max } = this.#kernel.settings.delays;
    for (let node = 0; node < nodeCount; node++) {
      const pickup: Pickup = { balancerArn, node, version };
      const delayMs = this.#kernel.random.between(min, max) * 1000;
      if (delayMs === 0) this.#pickUp(pickup);
      else this.#kernel.jobs.schedule("elasticloadbalancing.propagate", this.#kernel.clock.now() + delayMs, pickup);
    }
  }

  /** What a node routes by at present; a node that has not picked anything up yet has no listeners. */
  configuration(balancerArn: string, node: number): Readonly<NodeConfiguration> {
    const version = this.#state.balancers.get(balancerArn)?.nodeVersions[node] ?? 0;
    return this.#versions.get(versionKey(balancerArn, version)) ?? nothing;
  }

  /** Drops what a deleted load balancer left. */
  forget(balancerArn: string): void {
    for (const key of this.#versions.keys(`${balancerArn}#`)) this.#versions.delete(key);
    this.#changed(balancerArn);
  }

  #listeners(balancerArn: string): ListenerConfiguration[] {
    return this.#state.listenersOf(balancerArn).map(({ arn, port }) => ({
      arn,
      port,
      rules: this.#state.rulesOf(arn).map(({ arn, conditions, actions }) => ({ arn, conditions, actions })),
    }));
  }

  #pickUp({ balancerArn, node, version }: Pickup): void {
    const balancer = this.#state.balancers.get(balancerArn);
    // A slow older change never replaces a newer one that overtook it.
    if (!balancer || version <= (balancer.nodeVersions[node] ?? 0)) return;
    const nodeVersions = balancer.nodeVersions.with(node, version);
    this.#state.balancers.put(balancerArn, { ...balancer, nodeVersions });
    const oldest = Math.min(...nodeVersions);
    for (const key of this.#versions.keys(`${balancerArn}#`)) {
      if (Number(key.slice(key.lastIndexOf("#") + 1)) < oldest) this.#versions.delete(key);
    }
    this.#changed(balancerArn);
  }
}

function versionKey(balancerArn: string, version: number): string {
  return `${balancerArn}#${version}`;
}
