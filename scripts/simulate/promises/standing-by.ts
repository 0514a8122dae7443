import type { Head } from "../../../shared/domain/head.ts";
import { skewMaxSeconds } from "../spells.ts";
import { type Effect, type EffectWatch, ledgerPlace } from "./effect.ts";

/** S7: no sweep gives up the fleet that stands by before its time is over, whatever interrupted work it finds. */
export class StandingByWatch implements EffectWatch {
  readonly problems: string[] = [];
  readonly #heads: Map<string, Head>;
  readonly #now: () => number;

  constructor(heads: ReadonlyMap<string, Head>, now: () => number) {
    this.#heads = new Map(heads);
    this.#now = now;
  }

  after({ operation, input, document, execution }: Effect): void {
    const place = operation === "PutObject" ? ledgerPlace(input["Key"]) : undefined;
    if (place?.what !== "head") return;
    const before = this.#heads.get(place.service);
    const after = document as Head;
    this.#heads.set(place.service, after);
    if (!before?.standby || before.live?.generation !== after.live?.generation) return;
    const { generation, until } = before.standby;
    const isDue = Date.parse(until) <= this.#now() + skewMaxSeconds * 1000;
    if (isDue || after.standby?.generation === generation || !/:kiln-[^:]+-sweep:/.test(execution)) return;
    this.problems.push(`S7 way back: a sweep gave up ${generation}, which stands by until ${until}`);
  }
}
