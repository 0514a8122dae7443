import type { Head } from "../../../shared/domain/head.ts";
import { type Effect, type EffectWatch, ledgerPlace } from "./effect.ts";

/** Unit: milliseconds. A rollback chooses its target from a rule that may change until it has written its choice down. */
const choosingMs = 2_000;

/** S4: newest intent wins, and a rollback goes back by exactly one release that is not revoked. */
export class OrderWatch implements EffectWatch {
  readonly problems: string[] = [];
  readonly #heads: Map<string, Head>;
  /** The newest intent that became live, of each service. */
  readonly #newestLive = new Map<string, number>();
  /** The newest intent, of a deploy or a rollback, by the generation that it was for. */
  readonly #intents = new Map<string, number>();
  /** Releases that were live, each once, the last one last. */
  readonly #served = new Map<string, string[]>();
  readonly #sharesOf: (service: string) => ReadonlyMap<string, number>;
  readonly #now: () => number;

  /** @param sharesOf The weights of a service's production rule, by generation. */
  constructor(
    heads: ReadonlyMap<string, Head>,
    sharesOf: (service: string) => ReadonlyMap<string, number>,
    now: () => number,
  ) {
    this.#heads = new Map(heads);
    this.#sharesOf = sharesOf;
    this.#now = now;
    for (const [service, { kept }] of heads) this.#served.set(service, [...kept]);
  }

  after({ operation, input, document }: Effect): void {
    const place = operation === "PutObject" ? ledgerPlace(input["Key"]) : undefined;
    if (place?.what !== "head") return;
    const after = document as Head;
    const before = this.#heads.get(place.service);
    this.#heads.set(place.service, after);
    if (after.pending && after.newestIntent && after.pending.generation !== before?.pending?.generation) {
      this.#announced(after, before);
    }
    if (after.live && after.live.generation !== before?.live?.generation) this.#promoted(after, after.live.generation);
  }

  /** Releases that were live, the last one last. */
  served(service: string): readonly string[] {
    return this.#served.get(service) ?? [];
  }

  #announced(head: Head, before: Head | undefined): void {
    const { pending, newestIntent, live, service, ruleChangedAt } = head;
    if (!pending || !newestIntent) return;
    // Only what was just admitted has the newest intent; what a sweep takes up keeps its own.
    if (before?.newestIntent?.tieBreak === newestIntent.tieBreak) return;
    this.#intents.set(pending.generation, Date.parse(newestIntent.time));
    const mayBeMoving = ruleChangedAt !== null && this.#now() - Date.parse(ruleChangedAt) < choosingMs;
    if (newestIntent.kind !== "rollback" || !live || mayBeMoving) return;
    // The small share of a drill has moved nothing.
    const isOther = (one: string, weight: number) =>
      weight > 0 && one !== live.generation && one !== head.drill?.generation;
    const others = [...this.#sharesOf(service)].filter(([one, weight]) => isOther(one, weight));
    const toLive = pending.generation === live.generation;
    // A release that was revoked is nothing to go back to: the newest good one before it is meant (docs/operating.md).
    const isRevoked = head.revoked?.some(({ generation }) => generation === live.generation) ?? false;
    if (others.length > 0 && !toLive && !isRevoked) {
      this.problems.push(`S4 way back: ${service} goes back to ${pending.generation}, past ${live.generation}`);
    }
    if (others.length === 0 && toLive) {
      this.problems.push(`S4 way back: ${service} goes back to ${pending.generation}, which serves`);
    }
  }

  #promoted(head: Head, generation: string): void {
    const { service } = head;
    this.#served.set(service, [...this.served(service).filter((one) => one !== generation), generation]);
    // A push may have taken a rollback's place in the head by now, and waits for its turn.
    const intent = this.#intents.get(generation);
    const newest = this.#newestLive.get(service) ?? 0;
    if (intent !== undefined && intent < newest) {
      this.problems.push(
        `S4 newest wins: ${generation} of ${new Date(intent).toISOString()} became live after a newer one`,
      );
    }
    this.#newestLive.set(service, Math.max(newest, intent ?? 0));
  }
}
