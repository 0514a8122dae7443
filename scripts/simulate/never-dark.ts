import { hostOf } from "./hosts.ts";
import { behaviourOf } from "./programs.ts";
import type { SimulatedCloud } from "./simulated-cloud.ts";

/** Visits kept; the first ones say what began. */
const keptProblems = 3;

/** Watches that every request to a service is answered at every moment: after each event, at each node. */
export class NeverDark {
  readonly problems: string[] = [];
  /** Requests that were made. */
  visits = 0;
  readonly #cloud: SimulatedCloud;
  readonly #services: readonly string[];

  /** @param services Those that are live when the watch begins. */
  constructor(cloud: SimulatedCloud, services: readonly string[]) {
    this.#cloud = cloud;
    this.#services = services;
  }

  /** Makes one request of each service to each node. */
  look(): void {
    for (const service of this.#services) {
      if (this.#cloud.byHand.isDark(service)) continue;
      for (const [node, visit] of this.#cloud.visitors.visit(hostOf(service)).entries()) {
        this.visits += 1;
        if ("problem" in visit) {
          if (!this.#cloud.harmed.has(visit.instanceId ?? "")) this.#report(service, node, visit.problem);
        }
        // Whatever is tried beside it: production is answered by a release of the service itself.
        else if (visit.program.service !== service) {
          this.#report(service, node, `${visit.program.service} answers, which is not production`);
        }
        // A program that breaks after it was given traffic is the program's fault; that traffic leaves it is checked at the end.
        else if (visit.status !== 200 && behaviourOf(visit.program.version) !== "fading") {
          this.#report(service, node, `release ${visit.program.version} answers ${visit.status}`);
        }
      }
    }
  }

  #report(service: string, node: number, problem: string): void {
    if (this.problems.length >= keptProblems) return;
    const at = new Date(this.#cloud.clock.now()).toISOString();
    this.problems.push(`S1 never dark: ${at} a request for ${service} at node ${node}: ${problem}`);
  }
}
