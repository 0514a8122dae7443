import type { Random } from "../../local/core/random.ts";
import { nodeCount } from "../../local/load-balancing/propagation.ts";
import type { TrafficCounts } from "../../local/load-balancing/traffic.ts";
import { type Program, requestOf } from "./programs.ts";
import type { Visitors } from "./visitors.ts";

/**
 * Requests a minute that the public sends to one host, spread over the nodes. Until somebody names a host nothing is
 * counted, the requests of others neither: no metric then, and no work for those who look at none.
 */
export class PublicTraffic {
  perMinute = 0;
  host: string | undefined;
  readonly #visitors: () => Visitors;
  readonly #random: Random;
  readonly #now: () => number;
  readonly #counts = new Map<string, TrafficCounts>();

  constructor(visitors: () => Visitors, random: Random, now: () => number) {
    this.#visitors = visitors;
    this.#random = random;
    this.#now = now;
  }

  /** What happened since it was last asked, which the load balancer does once a minute. */
  takeCounts(): TrafficCounts[] {
    for (let made = 0; this.host !== undefined && made < this.perMinute; made++) {
      const { groupArn, program } = this.#visitors().routed(made % nodeCount, this.host);
      this.count(groupArn, program);
    }
    const taken = [...this.#counts.values()];
    this.#counts.clear();
    return taken;
  }

  /** Counts one request to a group; without one, the load balancer answered by itself. */
  count(groupArn: string | undefined, program: Program | undefined): void {
    if (this.host === undefined) return;
    const key = groupArn ?? "";
    const counts = this.#counts.get(key) ?? emptyCounts(this.#visitors().listener.balancerArn, groupArn);
    this.#counts.set(key, counts);
    counts.requests += 1;
    if (groupArn === undefined) {
      counts.ownErrors += 1;
      return;
    }
    const answer = requestOf(program, this.#now(), this.#random.next());
    if (!answer) {
      counts.connectionErrors += 1;
      return;
    }
    const hundred = Math.floor(answer.status / 100);
    counts.answersByHundred[hundred] = (counts.answersByHundred[hundred] ?? 0) + 1;
    counts.responseSeconds.push(answer.seconds);
  }
}

function emptyCounts(balancerArn: string, groupArn: string | undefined): TrafficCounts {
  const none = { requests: 0, ownErrors: 0, connectionErrors: 0, unhealthyRouting: 0 };
  return { balancerArn, groupArn, ...none, answersByHundred: [], responseSeconds: [] };
}
