import { type Lease, takeoverWaitSeconds } from "../../../shared/domain/lease.ts";
import { type Effect, type EffectWatch, ledgerPlace } from "./effect.ts";

/** Calls that change traffic or take something away. */
const fenced: ReadonlySet<string> = new Set([
  "CreateRule",
  "ModifyRule",
  "DeleteRule",
  "UpdateAutoScalingGroup",
  "DeleteAutoScalingGroup",
  "DeleteTargetGroup",
  "DeleteLaunchTemplate",
  "DeleteLaunchTemplateVersions",
  "DeregisterImage",
  "DeleteSnapshot",
]);

/**
 * S6: after a takeover and its wait nobody but the lease's owner changes traffic or takes anything away; and the lease
 * itself goes from hand to hand only as it may.
 */
export class FencingWatch implements EffectWatch {
  readonly problems: string[] = [];
  readonly #leases: Map<string, Lease | undefined>;
  /** From when on nobody but the owner may do anything; by the world's clock, whatever a Lambda's says. */
  readonly #quietFromMs = new Map<string, number>();
  readonly #isRunning: (execution: string) => boolean;
  readonly #now: () => number;

  constructor(
    leases: ReadonlyMap<string, Lease | undefined>,
    isRunning: (execution: string) => boolean,
    now: () => number,
  ) {
    this.#leases = new Map(leases);
    this.#isRunning = isRunning;
    this.#now = now;
  }

  after(effect: Effect): void {
    const place = effect.operation === "PutObject" ? ledgerPlace(effect.input["Key"]) : undefined;
    if (place?.what === "lease") this.#handOver(place.service, effect);
    else if (fenced.has(effect.operation)) this.#judge(effect);
  }

  #handOver(service: string, { execution, document }: Effect): void {
    const before = this.#leases.get(service);
    const after = document as Lease;
    this.#leases.set(service, after);
    if (!before || before.owner === after.owner) return;
    if (after.fence < before.fence) this.problems.push(`S6 lease: the fence of ${service} went back to ${after.fence}`);
    if (before.owner === null || before.owner === execution) return;
    this.#quietFromMs.set(service, this.#now() + takeoverWaitSeconds * 1000);
    if (after.owner === null) {
      this.problems.push(
        `S6 lease: ${named(execution)} gave back the lease of ${service}, which ${named(before.owner)} held`,
      );
    } else if (this.#isRunning(before.owner)) {
      this.problems.push(
        `S6 lease: ${named(execution)} took the lease of ${service} from ${named(before.owner)}, which runs`,
      );
    }
  }

  #judge({ service, execution, handler, operation }: Effect): void {
    const lease = service === undefined ? undefined : this.#leases.get(service);
    if (!lease || lease.owner === execution || this.#isOpen(service ?? "")) return;
    const holder = lease.owner === null ? "nobody" : named(lease.owner);
    this.problems.push(
      `S6 fencing: ${handler} of ${named(execution)} did ${operation} when ${holder} held the lease of ${service}`,
    );
  }

  /** Whether an earlier owner's last call may still come. */
  #isOpen(service: string): boolean {
    return (this.#quietFromMs.get(service) ?? 0) > this.#now();
  }
}

/** `deploy:4f2c…` of an execution's ARN. */
export function named(execution: string): string {
  return execution
    .split(":")
    .slice(-2)
    .join(":")
    .replace(/^kiln-[^-]+-/, "")
    .slice(0, 24);
}
