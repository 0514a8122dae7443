import type { TrafficCounts } from "../traffic.ts";

/** Response times kept per group and minute; beyond it new ones replace old ones, which keeps a sample of the minute. */
const keptResponseTimes = 10_000;

/** Counts traffic per target group and, as CloudWatch has both, for each load balancer as a whole. */
export class Counts {
  #counts = new Map<string, TrafficCounts>();

  request(balancerArn: string, groupArn: string, failedOpen: boolean): void {
    this.#both(balancerArn, groupArn, (counts) => {
      counts.requests += 1;
      if (failedOpen) counts.unhealthyRouting += 1;
    });
  }

  answer(balancerArn: string, groupArn: string, status: number, seconds: number): void {
    this.#both(balancerArn, groupArn, (counts) => {
      const hundred = Math.floor(status / 100);
      const answers = (counts.answersByHundred[hundred] ?? 0) + 1;
      counts.answersByHundred[hundred] = answers;
      const all = counts.answersByHundred.reduce((sum, count) => sum + (count ?? 0), 0);
      counts.responseSeconds[(all - 1) % keptResponseTimes] = seconds;
    });
  }

  connectionError(balancerArn: string, groupArn: string): void {
    this.#both(balancerArn, groupArn, (counts) => {
      counts.connectionErrors += 1;
    });
  }

  ownError(balancerArn: string): void {
    this.#of(balancerArn, undefined).ownErrors += 1;
  }

  /** What was counted since it was last taken. */
  take(): TrafficCounts[] {
    const taken = [...this.#counts.values()];
    this.#counts = new Map();
    return taken;
  }

  #both(balancerArn: string, groupArn: string, change: (counts: TrafficCounts) => void): void {
    change(this.#of(balancerArn, groupArn));
    change(this.#of(balancerArn, undefined));
  }

  #of(balancerArn: string, groupArn: string | undefined): TrafficCounts {
    const key = groupArn ?? balancerArn;
    let counts = this.#counts.get(key);
    if (!counts) {
      const zero = { requests: 0, ownErrors: 0, connectionErrors: 0, unhealthyRouting: 0 };
      counts = { balancerArn, groupArn, ...zero, answersByHundred: [0, 0, 0, 0, 0, 0], responseSeconds: [] };
      this.#counts.set(key, counts);
    }
    return counts;
  }
}
