import type { Router } from "./router.ts";

/** One health check to make. */
export interface ProbeRequest {
  instanceId: string;
  port: number;
  path: string;
  /** Seconds without an answer after which the check counts as timed out. */
  timeoutSeconds: number;
}

export type ProbeOutcome = { kind: "answered"; status: number } | { kind: "timed-out" } | { kind: "failed" };

/** What happened since it was last asked, for CloudWatch. */
export interface TrafficCounts {
  balancerArn: string;
  /** Undefined for what the load balancer answered by itself. */
  groupArn: string | undefined;
  requests: number;
  /** Answers of targets by hundred: index 2 for 2XX … 5 for 5XX. */
  answersByHundred: number[];
  /** 5XX answers that the load balancer made itself. */
  ownErrors: number;
  connectionErrors: number;
  /** Requests sent to targets although they were not healthy (fail open). */
  unhealthyRouting: number;
  responseSeconds: number[];
}

/** A listener that must be reachable while at least one node has it. */
export interface ServedListener {
  balancerArn: string;
  listenerArn: string;
  port: number;
}

/** What a traffic driver may ask of the model. */
export interface TrafficView {
  readonly router: Router;
  /** Listeners to serve now: of active load balancers, known to at least one node. */
  served(): ServedListener[];
  /** An attribute of a load balancer, as ModifyLoadBalancerAttributes set it. */
  attribute(balancerArn: string, key: string): string;
  /** The node a new connection belongs to: a load balancer's name resolves to all of its nodes. */
  anyNode(): number;
  /** The port a listener was reached on before a restart, and a note of the one it is reached on now. */
  endpointPort(listenerArn: string): number | undefined;
  opened(listenerArn: string, port: number): void;
  /** Lower-case hexadecimal digits, and seconds of modelled time, for trace headers. */
  traceId(): string;
  log(line: string): void;
}

/**
 * The part of a load balancer that touches the network: real sockets, or a script in a simulation. It gets everything it
 * needs to know from the view it was made with.
 */
export interface TrafficDriver {
  /** Called whenever the answer of `view.served()` may have changed. */
  update(): void;
  /** Makes one health check. Never rejects. */
  probe(request: ProbeRequest): Promise<ProbeOutcome>;
  /**
   * Ends requests in flight to a target whose deregistration delay is over. Programs compute in real time: each has had at
   * least `delaySeconds` of that, whatever pace the cloud's clock has.
   */
  cut(targetKey: string, delaySeconds: number): void;
  takeCounts(): TrafficCounts[];
  stop(): Promise<void>;
}
