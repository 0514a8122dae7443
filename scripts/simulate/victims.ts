import type { InstanceDocument } from "../../local/auto-scaling/documents.ts";
import type { SimulatedCloud } from "./simulated-cloud.ts";

/** Unit: milliseconds. So long health checks, deregistration and the replacement of a lost instance take at most. */
const mendingMs = 180_000;

/**
 * Instances that something happened to which is not Kiln's doing, each until when: meanwhile a request that one of them does
 * not answer says nothing about Kiln.
 */
export class Harmed {
  readonly #until = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Something happens to it now, or goes on for a while. Unit: milliseconds. */
  add(instanceId: string, goesOnMs = 0): void {
    this.#until.set(instanceId, this.#now() + goesOnMs + mendingMs);
  }

  has(instanceId: string): boolean {
    return (this.#until.get(instanceId) ?? 0) > this.#now();
  }
}

/**
 * One instance that can be lost without anybody noticing: another one of its fleet serves, and none of them was harmed.
 * @param which From 0 to 1, among all fleets.
 */
export function victim(cloud: SimulatedCloud, which: number): string | undefined {
  const all = cloud.kernel.store.collection<InstanceDocument>("autoscaling.instances").list();
  const fleets = Map.groupBy(
    all.filter(({ state }) => state === "InService"),
    ({ group }) => group,
  );
  const possible = [...fleets.values()].filter(
    (fleet) =>
      fleet.filter(({ id }) => cloud.programOn(id)).length > 1 && !fleet.some(({ id }) => cloud.harmed.has(id)),
  );
  const instances = possible.flat().map(({ id }) => id);
  return instances.sort()[Math.floor(which * instances.length)];
}
