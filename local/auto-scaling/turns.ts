import type { Kernel } from "../core/kernel.ts";
import type { Capacity } from "./capacity.ts";
import type { GroupDocument } from "./documents.ts";
import type { HealthChecks } from "./health-checks.ts";
import type { Launching } from "./launching.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Neighbours } from "./neighbours.ts";
import type { AutoScalingState } from "./state.ts";
import type { TargetTracking } from "./target-tracking.ts";
import { advanceTrafficSources } from "./traffic-sources.ts";

const kind = "autoscaling.turn";
/** After a request or an event a group looks at itself this soon, rather than with its next regular turn. */
const pokeMs = 1000;

export interface TurnParts {
  neighbours: Neighbours;
  lifecycle: Lifecycle;
  launching: Launching;
  capacity: Capacity;
  health: HealthChecks;
  tracking: TargetTracking;
}

/**
 * The loop of every group: at each turn it looks at what EC2 and the load balancer say, moves each instance one step on,
 * and begins what is missing to reach the desired capacity. A turn decides from what it reads and can be repeated.
 */
export class Turns {
  readonly #kernel: Kernel;
  readonly #state: AutoScalingState;
  readonly #parts: TurnParts;
  readonly #running = new Set<string>();

  constructor(kernel: Kernel, state: AutoScalingState, parts: TurnParts) {
    this.#kernel = kernel;
    this.#state = state;
    this.#parts = parts;
    kernel.jobs.on<{ name: string }>(kind, ({ name }) => this.#run(name));
    kernel.on("ec2.instance.changed", ({ instanceId }) => {
      const instance = state.instances.get(instanceId);
      if (instance) this.poke(instance.group);
    });
  }

  /** Has a group take a turn soon. */
  poke(name: string): void {
    this.#plan(name, pokeMs);
  }

  #plan(name: string, delayMs: number): void {
    const { clock, jobs } = this.#kernel;
    const key = `${kind}#${name}`;
    const now = clock.now();
    const due = jobs.dueAt(key);
    // A turn that is due or under way is no reason not to plan the next one.
    if (due !== undefined && due > now && due <= now + delayMs) return;
    jobs.schedule(kind, now + delayMs, { name }, key);
  }

  async #run(name: string): Promise<void> {
    if (this.#running.has(name)) {
      this.poke(name);
      return;
    }
    this.#running.add(name);
    try {
      await this.#turn(name);
    } finally {
      this.#running.delete(name);
      // A group needs time between turns, also where a test asks for no delays.
      const seconds = Math.max(this.#kernel.settings.delays.autoScalingTurnSeconds, 1);
      if (this.#state.groups.get(name)) this.#plan(name, seconds * 1000);
    }
  }

  async #turn(name: string): Promise<void> {
    const { neighbours, lifecycle, launching, capacity, health, tracking } = this.#parts;
    const ids = this.#state.instancesOf(name).map(({ id }) => id);
    const seen = await neighbours.instances(ids);
    for (const id of ids) {
      const [group, instance] = [this.#state.groups.get(name), this.#state.instances.get(id)];
      if (group && instance)
        await this.#attempt(`${name} ${id}`, () => lifecycle.advance(group, instance, seen.get(id)));
    }
    const group = this.#state.groups.get(name);
    if (!group) return;
    if (group.deleting) {
      const empty = capacity.empty(group);
      await this.#attempt(name, () => launching.fulfil(group));
      if (empty) this.#state.forget(name);
      return;
    }
    await this.#attempt(name, () => advanceTrafficSources(this.#state, neighbours, group));
    await this.#attempt(name, async () => health.check(this.#now(group), seen));
    await this.#attempt(name, () => tracking.evaluate(this.#now(group)));
    capacity.converge(this.#now(group));
    await this.#attempt(name, () => launching.fulfil(this.#now(group)));
  }

  /** The group as earlier steps of the turn, or requests meanwhile, left it. */
  #now(group: Readonly<GroupDocument>): Readonly<GroupDocument> {
    return this.#state.groups.get(group.name) ?? { ...group, desired: 0, trafficSources: [] };
  }

  /** One step's failure must not keep the others from being taken; the next turn tries it again. */
  async #attempt(what: string, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.#kernel.settings.log(`auto scaling of ${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
