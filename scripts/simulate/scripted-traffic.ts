import type { TrafficCounts, TrafficDriver } from "../../local/load-balancing/traffic.ts";
import { answerOf, type Program } from "./programs.ts";

/**
 * Health checks without sockets: the scripted program on the machine is asked.
 * @param takeCounts What others sent through the load balancer since it was last asked.
 */
export function scriptedTraffic(
  programOn: (instanceId: string) => Program | undefined,
  now: () => number,
  takeCounts: () => TrafficCounts[],
): TrafficDriver {
  return {
    update: () => {},
    probe: async ({ instanceId }) => answerOf(programOn(instanceId), now()),
    cut: () => {},
    takeCounts,
    stop: async () => {},
  };
}
