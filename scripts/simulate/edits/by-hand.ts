/** Unit: milliseconds. So long targets take to be found healthy again, and nodes to learn of a rule, once an edit is put right. */
const mendingMs = 180_000;

/** Unit: milliseconds. While nodes still use a rule as it was, a group that a person took out of it has no targets for them. */
const propagationMs = 40_000;

/** What people broke by their own hand, and what is therefore not held against Kiln. */
export class ByHand {
  /** Images that a person took away, by name: Kiln has no way to bring back what it did not delete. */
  readonly images = new Set<string>();
  /** Fleets that a person took away, by name. */
  readonly fleets = new Set<string>();
  /** Fleets whose sizes a person changed, by name: until their deploy settles Kiln gives them those of the spec. */
  readonly sized = new Set<string>();
  readonly #dark = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** From now on requests of a service may go unanswered, because a person took away what answers them. */
  darken(service: string): void {
    this.#dark.set(service, Number.POSITIVE_INFINITY);
  }

  /** A person took a group out of a rule in one call: until every node knows, some of them have nowhere to go. */
  cut(service: string): void {
    const untilMs = Math.max(this.#dark.get(service) ?? 0, this.#now() + propagationMs);
    this.#dark.set(service, untilMs);
  }

  /** Somebody put it right; soon requests must be answered again. */
  mended(service: string): void {
    if (this.#dark.has(service)) this.#dark.set(service, this.#now() + mendingMs);
  }

  isDark(service: string): boolean {
    return (this.#dark.get(service) ?? 0) > this.#now();
  }
}
