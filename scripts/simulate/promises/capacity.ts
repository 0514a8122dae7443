import { capacityFloor } from "../../../shared/domain/cutover.ts";
import type { Effect, EffectWatch } from "./effect.ts";

/** One fleet as this watch sees it. */
export interface FleetSeen {
  generation: string;
  min: number;
  max: number;
  desired: number;
  /** Instances whose program answers. */
  healthy: number;
  /** Whether the world has just taken one away: nobody can have read that yet. */
  isHarmed: boolean;
  /** Whether a person changed its sizes. */
  isSizedByHand: boolean;
}

/** What the watch asks the cloud. */
export interface CapacityView {
  fleet(name: string): FleetSeen | undefined;
  fleets(service: string): FleetSeen[];
  /** The weights of a service's production rule, by generation. */
  sharesOf(service: string): ReadonlyMap<string, number>;
}

/** S1: traffic goes only where there is room for it, and what serves stays free to grow. */
export class CapacityWatch implements EffectWatch {
  readonly problems: string[] = [];
  readonly #view: CapacityView;
  #shares: ReadonlyMap<string, number> = new Map();
  #fleet: FleetSeen | undefined;

  constructor(view: CapacityView) {
    this.#view = view;
  }

  before({ operation, service, input }: Effect): void {
    if (service === undefined) return;
    if (movesTraffic(operation)) this.#shares = this.#view.sharesOf(service);
    if (operation === "UpdateAutoScalingGroup") this.#fleet = this.#view.fleet(String(input["AutoScalingGroupName"]));
  }

  after(effect: Effect): void {
    if (effect.service === undefined) return;
    if (movesTraffic(effect.operation) && (effect.direction === "forward" || effect.direction === "back")) {
      this.#judgeMove(effect.service);
    }
    if (effect.operation === "UpdateAutoScalingGroup") this.#judgeSize(effect.service, effect.input);
  }

  #judgeMove(service: string): void {
    const fleets = this.#view.fleets(service);
    if (fleets.some(({ isHarmed }) => isHarmed)) return;
    const healthy = (generation: string) => fleets.find((one) => one.generation === generation)?.healthy ?? 0;
    const [giving] = [...this.#shares].sort(([, a], [, b]) => b - a);
    const needed = giving && giving[1] > 0 ? Math.floor(capacityFloor * healthy(giving[0])) : 0;
    for (const [generation, weight] of this.#view.sharesOf(service)) {
      // A spec may say that it wants fewer at most than serve now.
      const most = fleets.find((one) => one.generation === generation)?.max ?? needed;
      if (weight <= (this.#shares.get(generation) ?? 0) || healthy(generation) >= Math.min(needed, most)) continue;
      this.problems.push(
        `S1 room: traffic of ${giving?.[0]} with ${healthy(giving?.[0] ?? "")} healthy instances went to ${generation} with ${healthy(generation)}`,
      );
    }
  }

  #judgeSize(service: string, { MaxSize, DesiredCapacity }: Readonly<Record<string, unknown>>): void {
    const fleet = this.#fleet;
    if (!fleet || fleet.isSizedByHand || (this.#view.sharesOf(service).get(fleet.generation) ?? 0) === 0) return;
    if (typeof MaxSize === "number" && MaxSize < fleet.max) {
      this.problems.push(
        `S1 scaling: ${fleet.generation} serves, and may grow only to ${MaxSize} instead of ${fleet.max}`,
      );
    }
    if (typeof DesiredCapacity === "number" && DesiredCapacity < fleet.desired) {
      this.problems.push(
        `S1 scaling: ${fleet.generation} serves with ${fleet.desired} instances, and was set to ${DesiredCapacity}`,
      );
    }
  }
}

function movesTraffic(operation: string): boolean {
  return operation === "ModifyRule" || operation === "CreateRule";
}
