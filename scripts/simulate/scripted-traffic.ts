import type { TrafficDriver } from "../../local/load-balancing/traffic.ts";
import { answerOf, type Program } from "./programs.ts";

/** Health checks without sockets: the scripted program on the machine is asked. Nobody else sends requests through it. */
export function scriptedTraffic(
  programOn: (instanceId: string) => Program | undefined,
  now: () => number,
): TrafficDriver {
  return {
    update: () => {},
    probe: async ({ instanceId }) => answerOf(programOn(instanceId), now()),
    cut: () => {},
    takeCounts: () => [],
    stop: async () => {},
  };
}
