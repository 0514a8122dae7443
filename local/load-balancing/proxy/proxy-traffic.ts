import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Decision, RoutedRequest } from "../router.ts";
import { targetKey } from "../state.ts";
import type {
  ProbeOutcome,
  ProbeRequest,
  ServedListener,
  TrafficCounts,
  TrafficDriver,
  TrafficView,
} from "../traffic.ts";
import { Counts } from "./counts.ts";
import { forward } from "./exchange.ts";
import { cookieIn, type ForwardingSettings, towardsTarget } from "./headers.ts";
import { listenNear } from "./listening.ts";
import { answerAction, answerError } from "./own-answers.ts";
import { probeTarget } from "./probe.ts";
import { type Connect, openConnection, TargetConnections } from "./target-connections.ts";
import { forwardUpgrade, refuseUpgrade } from "./upgrade.ts";

/** Makes the real data plane: HTTP servers on loopback whose targets are reached through `connect`. */
export function proxyTraffic(connect: Connect): (view: TrafficView) => TrafficDriver {
  return (view) => new ProxyTraffic(view, connect);
}

type Forward = Extract<Decision, { kind: "forward" }>;

/** A request, or an upgraded connection, on its way. */
interface UnderWay {
  /** Real milliseconds. */
  startedMs: number;
  end: () => void;
}

class ProxyTraffic implements TrafficDriver {
  readonly #view: TrafficView;
  readonly #connect: Connect;
  readonly #servers = new Map<string, { server: Server; port: number }>();
  /** The node that each client connection belongs to, and when it was opened (real milliseconds). */
  readonly #clients = new WeakMap<Duplex, { node: number; openedMs: number }>();
  readonly #connections = new Map<string, TargetConnections>();
  readonly #underWay = new Map<string, Set<UnderWay>>();
  /** For targets that are gone: ends what is still under way to them. */
  readonly #leaving = new Set<() => void>();
  readonly #counts = new Counts();
  #stopped = false;

  constructor(view: TrafficView, connect: Connect) {
    this.#view = view;
    this.#connect = connect;
  }

  update(): void {
    if (this.#stopped) return;
    const served = new Map(this.#view.served().map((listener) => [listener.listenerArn, listener]));
    for (const [arn, { server, port }] of this.#servers) {
      if (served.get(arn)?.port === port) continue;
      this.#servers.delete(arn);
      server.close();
      server.closeIdleConnections();
    }
    for (const listener of served.values()) if (!this.#servers.has(listener.listenerArn)) this.#open(listener);
  }

  probe(request: ProbeRequest): Promise<ProbeOutcome> {
    return probeTarget(this.#connect, request);
  }

  cut(key: string, delaySeconds: number): void {
    const connections = this.#connections.get(key);
    this.#connections.delete(key);
    const now = performance.now();
    const remaining = [...(this.#underWay.get(key) ?? [])].map((one) => ({
      one,
      ms: one.startedMs + delaySeconds * 1000 - now,
    }));
    for (const { one, ms } of remaining) if (ms <= 0) one.end();
    const late = remaining.filter(({ ms }) => ms > 0);
    if (late.length === 0) {
      connections?.destroy();
      return;
    }
    const finish = () => {
      clearTimeout(timer);
      this.#leaving.delete(finish);
      for (const { one } of late) if (this.#underWay.get(key)?.has(one)) one.end();
      connections?.destroy();
    };
    const timer = setTimeout(finish, Math.max(...late.map(({ ms }) => ms)));
    this.#leaving.add(finish);
  }

  takeCounts(): TrafficCounts[] {
    return this.#counts.take();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const finish of [...this.#leaving]) finish();
    for (const key of [...this.#underWay.keys(), ...this.#connections.keys()]) this.cut(key, 0);
    const closing = [...this.#servers.values()].map(({ server }) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    });
    this.#servers.clear();
    await Promise.all(closing);
  }

  #open(listener: ServedListener): void {
    // No limit on how long a request may take: the idle time-out is the only one a load balancer has.
    const server = createServer({ requestTimeout: 0 });
    this.#servers.set(listener.listenerArn, { server, port: listener.port });
    server.on("connection", (socket) => {
      this.#clients.set(socket, { node: this.#view.anyNode(), openedMs: performance.now() });
      server.keepAliveTimeout = this.#idleMs(listener.balancerArn);
    });
    server.on("request", (request, response) => this.#request(listener, request, response));
    server.on("upgrade", (request, socket, head) => this.#upgrade(listener, request, socket, head));
    listenNear(server, listener.port, this.#view.endpointPort(listener.listenerArn)).then(
      ({ port, instead }) => {
        // It may have been closed while it was being opened.
        if (this.#servers.get(listener.listenerArn)?.server !== server) return;
        this.#view.opened(listener.listenerArn, port);
        const note = instead === undefined ? "" : ` instead of ${listener.port}: ${instead}`;
        this.#view.log(`load balancer listens on http://127.0.0.1:${port}${note}`);
      },
      (error: Error) => this.#view.log(`load balancer cannot listen: ${error.message}`),
    );
  }

  #request(listener: ServedListener, request: IncomingMessage, response: ServerResponse): void {
    if (this.#isWornOut(listener, request.socket)) response.shouldKeepAlive = false;
    const decision = this.#decide(listener, request);
    switch (decision?.kind) {
      case "forward":
        this.#forward(listener, decision, request, response);
        break;
      case "respond":
        answerAction(request, response, decision.action, listener.port);
        break;
      case "unavailable":
        this.#counts.ownError(listener.balancerArn);
        answerError(response, 503);
        break;
      case "unsupported":
        this.#counts.ownError(listener.balancerArn);
        answerError(response, 501, unsupportedDetail(decision.actionType));
        break;
      default:
        // This node does not know the listener: on AWS nothing would listen there.
        request.socket.destroy();
    }
  }

  #upgrade(listener: ServedListener, request: IncomingMessage, client: Duplex, head: Buffer): void {
    const decision = this.#decide(listener, request);
    const { balancerArn } = listener;
    if (decision?.kind !== "forward") {
      if (decision?.kind === "unsupported") refuseUpgrade(client, 501, unsupportedDetail(decision.actionType));
      else if (decision) refuseUpgrade(client, 503);
      else client.destroy();
      return;
    }
    const { groupArn, target, cookies } = decision;
    this.#counts.request(balancerArn, groupArn, decision.failedOpen);
    this.#track(decision, (ended) =>
      forwardUpgrade({
        request,
        client,
        head,
        open: () => openConnection(this.#connect, target.instanceId, target.port),
        headers: towardsTarget(request, this.#settings(listener)),
        cookies,
        balancerArn,
        groupArn,
        idleMs: this.#idleMs(balancerArn),
        counts: this.#counts,
        ended,
      }),
    );
  }

  #forward(listener: ServedListener, decision: Forward, request: IncomingMessage, response: ServerResponse): void {
    const { balancerArn } = listener;
    const { groupArn, target, cookies } = decision;
    this.#counts.request(balancerArn, groupArn, decision.failedOpen);
    this.#track(decision, (ended) =>
      forward({
        request,
        response,
        connections: this.#connectionsTo(targetKey(groupArn, target.id, target.port), target),
        headers: towardsTarget(request, this.#settings(listener)),
        cookies,
        balancerArn,
        groupArn,
        idleMs: this.#idleMs(balancerArn),
        counts: this.#counts,
        ended,
      }),
    );
  }

  /** Remembers an exchange while it lasts, so that the end of draining can cut it. */
  #track({ groupArn, target }: Forward, start: (ended: () => void) => () => void): void {
    const key = targetKey(groupArn, target.id, target.port);
    const finished = this.#view.router.begin(key);
    const underWay = this.#underWay.get(key) ?? new Set();
    this.#underWay.set(key, underWay);
    const end = start(() => {
      finished();
      underWay.delete(one);
    });
    const one = { startedMs: performance.now(), end };
    underWay.add(one);
  }

  #decide(listener: ServedListener, request: IncomingMessage): Decision | undefined {
    const node = this.#clients.get(request.socket)?.node ?? 0;
    return this.#view.router.route(listener.balancerArn, node, listener.listenerArn, routed(request));
  }

  #connectionsTo(key: string, { instanceId, port }: Forward["target"]): TargetConnections {
    let connections = this.#connections.get(key);
    if (!connections) {
      connections = new TargetConnections(this.#connect, instanceId, port);
      this.#connections.set(key, connections);
    }
    return connections;
  }

  #settings({ balancerArn, port }: ServedListener): ForwardingSettings {
    const attribute = (key: string) => this.#view.attribute(balancerArn, key);
    return {
      listenerPort: port,
      preserveHost: attribute("routing.http.preserve_host_header.enabled") === "true",
      forwardedFor: attribute("routing.http.xff_header_processing.mode") as ForwardingSettings["forwardedFor"],
      clientPort: attribute("routing.http.xff_client_port.enabled") === "true",
      dropInvalid: attribute("routing.http.drop_invalid_header_fields.enabled") === "true",
      traceId: this.#view.traceId,
    };
  }

  #idleMs(balancerArn: string): number {
    return this.#seconds(balancerArn, "idle_timeout.timeout_seconds") * 1000;
  }

  /** Whether a client connection has had its time: the answer asks the client to open a new one. */
  #isWornOut(listener: ServedListener, socket: Duplex): boolean {
    const { openedMs = performance.now() } = this.#clients.get(socket) ?? {};
    const seconds = this.#seconds(listener.balancerArn, "client_keep_alive.seconds");
    return performance.now() - openedMs >= seconds * 1000;
  }

  /** Real seconds: clients and programs live in real time, whatever pace the cloud's clock has. */
  #seconds(balancerArn: string, key: string): number {
    return Number(this.#view.attribute(balancerArn, key));
  }
}

function unsupportedDetail(actionType: string): string {
  return `The embedded cloud has no data plane for the action ${actionType}.`;
}

function routed(request: IncomingMessage): RoutedRequest {
  const url = request.url ?? "/";
  const mark = url.indexOf("?");
  return {
    method: request.method ?? "GET",
    host: (request.headers.host ?? "").replace(/:\d+$/, ""),
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? "" : url.slice(mark + 1),
    sourceIp: request.socket.remoteAddress ?? "",
    header: (name) => request.headersDistinct[name] ?? [],
    cookie: (name) => cookieIn(request.headers.cookie, name),
  };
}
