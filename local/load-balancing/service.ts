import type { Kernel, Operation, Service } from "../core/kernel.ts";
import { Balancers } from "./balancers.ts";
import { limitOperations } from "./limits.ts";
import { Listeners } from "./listeners.ts";
import { BalancingMetrics, type RecordMetric } from "./metrics.ts";
import { BalancingPermissions } from "./permissions.ts";
import { type NodeConfiguration, nodeCount, Propagation } from "./propagation.ts";
import { loadBalancingRequestLimits } from "./request-limits.ts";
import { Router } from "./router.ts";
import { Rules } from "./rules.ts";
import { BalancingState } from "./state.ts";
import { tagOperations } from "./tags.ts";
import { TargetGroups } from "./target-groups.ts";
import { TargetHealth } from "./target-health.ts";
import { Targets } from "./targets.ts";
import type { ProbeOutcome, ServedListener, TrafficDriver, TrafficView } from "./traffic.ts";

/** What the service needs from its surroundings. */
export interface BalancingPorts {
  /** Makes the data plane: `proxyTraffic(…)` with real sockets, or a scripted one in tests and simulation. */
  traffic: (view: TrafficView) => TrafficDriver;
  record: RecordMetric;
}

/** Where a client on this machine reaches a listener. */
export interface ListenerEndpoint {
  balancerArn: string;
  listenerArn: string;
  /** The port that was asked for. */
  port: number;
  /** The real address: the port differs when the one asked for was taken or needs privileges. */
  url: string;
}

/**
 * Elastic Load Balancing v2: Application Load Balancers with HTTP listeners. Differences from AWS: no TLS, HTTP/2 or gRPC, no
 * Network or Gateway Load Balancers, no actions that authenticate, transform
 * or call functions, no regular expressions in conditions, no access logs; two nodes
 * whatever the number of zones, behind one port of this machine, each listener's its own; DNS names lead nowhere.
 */
export class LoadBalancingService implements Service {
  readonly id = "elasticloadbalancing";
  readonly limits = loadBalancingRequestLimits;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #kernel: Kernel;
  readonly #state: BalancingState;
  readonly #propagation: Propagation;
  readonly #router: Router;
  readonly #health: TargetHealth;
  readonly #metrics: BalancingMetrics;
  readonly #listeners: Listeners;
  readonly #traffic: TrafficDriver;

  constructor(kernel: Kernel, { traffic, record }: BalancingPorts) {
    this.#kernel = kernel;
    this.#state = new BalancingState(kernel);
    this.#propagation = new Propagation(kernel, this.#state, () => this.#traffic.update());
    this.#router = new Router(kernel, this.#state, this.#propagation);
    this.#health = new TargetHealth(kernel, this.#state, () => this.#traffic);
    this.#metrics = new BalancingMetrics(kernel, this.#state, () => this.#traffic, record);
    const permissions = new BalancingPermissions(kernel, this.#state);
    const changed = (balancerArn: string, before: string[]) => this.#rulesChanged(balancerArn, before);
    this.#listeners = new Listeners(kernel, this.#state, permissions, changed);
    const balancers = new Balancers(kernel, this.#state, permissions, {
      activated: (arn) => this.#activated(arn),
      deleted: (arn) => this.#deleted(arn),
    });
    this.operations = {
      ...balancers.operations(),
      ...this.#listeners.operations(),
      ...new Rules(kernel, this.#state, permissions, changed).operations(),
      ...new TargetGroups(kernel, this.#state, permissions, this.#health).operations(),
      ...new Targets(kernel, this.#state, permissions, this.#health).operations(),
      ...tagOperations(this.#state, permissions),
      ...limitOperations(),
    };
    this.#traffic = traffic(this.#view());
  }

  /** What a node of a load balancer routes by at present (nodes are 0 and 1). */
  nodeConfiguration(balancerArn: string, node: number): Readonly<NodeConfiguration> {
    return this.#propagation.configuration(balancerArn, node);
  }

  /** Routes a request as a node would, without sending it: for simulation and inspection. */
  get router(): Router {
    return this.#router;
  }

  /** Takes the result of one health check into account, as the data plane does after each of its own. */
  reportProbe(groupArn: string, targetId: string, port: number, outcome: ProbeOutcome): void {
    this.#health.report({ groupArn, id: targetId, port }, outcome);
  }

  /** Where the listeners of active load balancers are reached. */
  endpoints(): ListenerEndpoint[] {
    return this.#served().flatMap(({ balancerArn, listenerArn, port }) => {
      const actual = this.#state.endpoints.get(listenerArn)?.port;
      return actual === undefined ? [] : [{ balancerArn, listenerArn, port, url: `http://127.0.0.1:${actual}` }];
    });
  }

  resume(): void {
    this.#traffic.update();
  }

  stop(): Promise<void> {
    return this.#traffic.stop();
  }

  /** After a change of listeners or rules: tells the nodes, and the groups that gained or lost their use. */
  #rulesChanged(balancerArn: string, groupsBefore: string[]): void {
    this.#propagation.publish(balancerArn);
    const now = this.#state.groupsOf(balancerArn);
    for (const groupArn of new Set([...groupsBefore, ...now])) this.#health.refreshUse(groupArn);
  }

  #activated(arn: string): void {
    this.#metrics.plan();
    for (const groupArn of this.#state.groupsOf(arn)) this.#health.refreshUse(groupArn);
    this.#traffic.update();
  }

  #deleted(arn: string): void {
    const groups = this.#state.groupsOf(arn);
    for (const listener of this.#state.listenersOf(arn)) {
      this.#listeners.remove(listener.arn);
      this.#state.endpoints.delete(listener.arn);
    }
    this.#state.balancers.delete(arn);
    this.#propagation.forget(arn);
    for (const groupArn of groups) this.#health.refreshUse(groupArn);
  }

  #served(): ServedListener[] {
    const active = this.#state.balancers.list().filter(({ state }) => state === "active");
    return active.flatMap(({ arn: balancerArn }) => {
      const ports = new Map<string, number>();
      for (let node = 0; node < nodeCount; node++) {
        for (const { arn, port } of this.nodeConfiguration(balancerArn, node).listeners) ports.set(arn, port);
      }
      return [...ports].map(([listenerArn, port]) => ({ balancerArn, listenerArn, port }));
    });
  }

  #view(): TrafficView {
    const { random, clock, settings } = this.#kernel;
    return {
      router: this.#router,
      served: () => this.#served(),
      attribute: (balancerArn, key) => this.#state.balancers.get(balancerArn)?.attributes[key] ?? "",
      anyNode: () => Math.floor(random.next() * nodeCount),
      endpointPort: (listenerArn) => this.#state.endpoints.get(listenerArn)?.port,
      opened: (listenerArn, port) => {
        this.#state.endpoints.put(listenerArn, { listenerArn, port });
        this.#kernel.store.flush();
      },
      traceId: () => `1-${Math.floor(clock.now() / 1000).toString(16)}-${random.hex(24)}`,
      log: (line) => settings.log(line),
    };
  }
}
