import type { GroupDocument as FleetDocument } from "../../local/auto-scaling/documents.ts";
import type { Head } from "../../shared/domain/head.ts";
import type { Lease } from "../../shared/domain/lease.ts";
import { fleetName } from "../../shared/domain/names.ts";
import { shapesOf, type View } from "../model/view.ts";
import { type Effect, type EffectWatch, ledgerPlace } from "./promises/effect.ts";
import { named } from "./promises/fencing.ts";
import { sharesIn } from "./promises/watch.ts";
import { type SimulatedStage, stageName } from "./simulated-stage.ts";

/** One change of what executions share, as it is told. */
export interface TraceStep {
  atMs: number;
  by: string;
  operation: string;
  shape: string;
}

/**
 * The trace of one service in a simulation: every change of its lease, head, production rule and fleets, in the shapes of the
 * small model.
 */
export class TraceWatch implements EffectWatch {
  readonly problems: string[] = [];
  readonly steps: TraceStep[] = [];
  readonly service: string;
  readonly #stage: SimulatedStage;
  #head: Head;
  #lease: Lease | undefined;
  #view: View;

  constructor(stage: SimulatedStage, head: Head, lease: Lease | undefined) {
    this.#stage = stage;
    this.service = head.service;
    this.#head = head;
    this.#lease = lease;
    this.#view = this.#look();
  }

  before(): void {
    // Time and people change things as well, and neither is asked whether it may.
    this.#view = this.#look();
  }

  after(effect: Effect): void {
    const { execution, operation } = effect;
    const before = { ...this.#view, lease: this.#leaseSeen() };
    this.#heed(effect);
    this.#view = this.#look();
    const kind = /(deploy|rollback|refresh|sweep):[^:]*$/.exec(execution)?.[1] ?? "nobody";
    const atMs = this.#stage.cloud.clock.now();
    for (const shape of shapesOf(before, this.#view, { execution, kind })) {
      this.steps.push({ atMs, by: named(execution), operation, shape });
    }
  }

  #heed({ operation, input, document }: Effect): void {
    const place = operation === "PutObject" ? ledgerPlace(input["Key"]) : undefined;
    if (place?.service !== this.service) return;
    if (place.what === "head") this.#head = document as Head;
    else this.#lease = document as Lease;
  }

  #leaseSeen(): View["lease"] {
    const lease = this.#lease;
    return lease && { owner: lease.owner, waits: Date.parse(lease.activeFrom) > this.#stage.cloud.clock.now() };
  }

  #look(): View {
    const { live, standby, pending } = this.#head;
    const shares = sharesIn(this.#stage, this.service);
    const { serving, tried } = this.#serving(shares);
    const asked = [serving, tried?.generation];
    return {
      lease: this.#leaseSeen(),
      live: live?.generation,
      standby: standby?.generation,
      pending: pending ?? undefined,
      serving,
      tried,
      resting: [...shares.keys()].filter((generation) => !asked.includes(generation)),
      fleets: this.#fleets(),
      ended: (execution) => this.#stage.execution(execution)?.status !== "RUNNING",
    };
  }

  /** Who gets the requests, and who is tried with a share of them. The model knows no drills: there it is who has most. */
  #serving(shares: ReadonlyMap<string, number>): Pick<View, "serving" | "tried"> {
    const { live, drill } = this.#head;
    const asked = [...shares].filter(([, weight]) => weight > 0).sort(([, a], [, b]) => b - a);
    const [most] = asked;
    const other = asked.length === 2 && !drill ? asked.find(([one]) => one !== live?.generation) : undefined;
    if (!other) return { serving: most?.[0], tried: undefined };
    const sum = asked.reduce((total, [, weight]) => total + weight, 0);
    const [serving] = asked.find((one) => one !== other) ?? [];
    return { serving, tried: { generation: other[0], percent: Math.round((other[1] * 100) / sum) } };
  }

  /** A fleet that may have no instances any more is as good as gone. */
  #fleets(): string[] {
    const prefix = fleetName(stageName, "");
    const fleets = this.#stage.cloud.kernel.store.collection<FleetDocument>("autoscaling.groups").list();
    return fleets
      .filter(({ name, maxSize, deleting }) => name.startsWith(`${prefix}${this.service}-`) && maxSize > 0 && !deleting)
      .map(({ name }) => name.slice(prefix.length))
      .sort();
  }
}

/** Follows a service from now on, beside whoever watches already. */
export async function followTrace(stage: SimulatedStage, service: string): Promise<TraceWatch> {
  const { cloud, ledger } = stage;
  const head = await cloud.complete(ledger.head(service));
  const trace = new TraceWatch(stage, head, await cloud.complete(ledger.lease(service)));
  const { watch } = cloud.faults;
  cloud.faults.watch = {
    problems: [],
    before: (effect) => {
      watch?.before?.(effect);
      trace.before();
    },
    after: (effect) => {
      watch?.after?.(effect);
      trace.after(effect);
    },
  };
  return trace;
}
