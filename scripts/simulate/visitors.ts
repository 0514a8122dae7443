import { nodeCount } from "../../local/load-balancing/propagation.ts";
import type { Decision, RoutedRequest } from "../../local/load-balancing/router.ts";
import type { LoadBalancingService } from "../../local/load-balancing/service.ts";
import {
  judgeProbes,
  type Probe,
  type ProbeReport,
  type ProbeRequest,
  type ProbeSample,
  problemOf,
} from "../../shared/domain/probe.ts";
import { answerOf, type Program } from "./programs.ts";

/** What a visitor of a service got: the program that answered, or why there was no answer. */
export type Visit = { program: Program; status: number } | { problem: string; instanceId?: string };

/** Where requests come in. */
interface Listener {
  balancerArn: string;
  listenerArn: string;
}

/** Sends requests through the load balancer's own router to the scripted programs: the probe function, and the public. */
export class Visitors {
  listener: Listener = { balancerArn: "", listenerArn: "" };
  readonly #balancing: LoadBalancingService;
  readonly #programOn: (instanceId: string) => Program | undefined;
  readonly #now: () => number;
  readonly #counted: (groupArn: string, program: Program | undefined) => void;

  /** @param counted Told of every request that reaches a target group. */
  constructor(
    balancing: LoadBalancingService,
    programOn: (instanceId: string) => Program | undefined,
    now: () => number,
    counted: (groupArn: string, program: Program | undefined) => void = () => {},
  ) {
    this.#balancing = balancing;
    this.#programOn = programOn;
    this.#now = now;
    this.#counted = counted;
  }

  /** One request of the public to each node of the load balancer. */
  visit(host: string, headers: Readonly<Record<string, string>> = {}): Visit[] {
    return Array.from({ length: nodeCount }, (_, node) => this.#ask(node, host, "/", headers));
  }

  /** What the probe function would report. */
  probe(request: ProbeRequest): ProbeReport {
    const samples = request.probes.map((probe) =>
      Array.from({ length: probe.count }, (_, made) => this.#sample(made % nodeCount, request, probe)),
    );
    return judgeProbes(request.probes, samples);
  }

  /** Where a request of the public goes; without a group, the load balancer answers by itself. */
  routed(node: number, host: string): { groupArn: string | undefined; program: Program | undefined } {
    const decision = this.#decide(node, host, "/", {});
    if (decision?.kind === "forward") {
      return { groupArn: decision.groupArn, program: this.#programOn(decision.target.instanceId) };
    }
    return { groupArn: undefined, program: undefined };
  }

  #sample(node: number, request: ProbeRequest, probe: Probe): ProbeSample {
    const { path } = probe;
    const visit = this.#ask(node, request.host ?? "", path, request.headers);
    if ("problem" in visit) return { path, problem: visit.problem };
    const answer = { status: visit.status, latencyMs: 1 };
    const problem = problemOf(probe, { ...answer, body: "" });
    return { path, ...answer, ...(problem && { problem }) };
  }

  #decide(node: number, host: string, path: string, headers: Readonly<Record<string, string>>): Decision | undefined {
    const { balancerArn, listenerArn } = this.listener;
    const lowered = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value]]));
    const request: RoutedRequest = {
      method: "GET",
      host,
      path,
      query: "",
      sourceIp: "203.0.113.7",
      header: (name) => lowered.get(name) ?? [],
      cookie: () => undefined,
    };
    return this.#balancing.router.route(balancerArn, node, listenerArn, request);
  }

  #ask(node: number, host: string, path: string, headers: Readonly<Record<string, string>>): Visit {
    const decision = this.#decide(node, host, path, headers);
    if (decision?.kind === "respond") {
      const status = Number(decision.action.FixedResponseConfig?.StatusCode ?? 503);
      return { problem: `the load balancer itself answers ${status}` };
    }
    if (decision?.kind !== "forward")
      return { problem: decision && "reason" in decision ? decision.reason : "no rule" };
    const program = this.#programOn(decision.target.instanceId);
    this.#counted(decision.groupArn, program);
    const answer = answerOf(program, this.#now());
    const { instanceId } = decision.target;
    if (!program || answer.kind !== "answered") return { problem: `${instanceId} does not answer`, instanceId };
    return { program, status: answer.status };
  }
}
