import { epoch, type Share, type World } from "./world.ts";

/** What the executions on one service share, in the model's world or in a simulated cloud. */
export interface View {
  lease: { owner: string | null; waits: boolean } | undefined;
  live: string | undefined;
  standby: string | undefined;
  pending: { execution: string; generation: string } | undefined;
  /** The generation that production's rule sends requests to, and those that are in it without any. */
  serving: string | undefined;
  /** A generation that gets a share of them, while `serving` gets the rest. */
  tried: Share | undefined;
  resting: readonly string[];
  /** Generations whose fleet stands. */
  fleets: readonly string[];
  ended: (execution: string) => boolean;
}

/** Who changed something. */
export interface Doer {
  execution: string;
  kind: string;
}

export function viewOf({ head, lease, rule, fleets, actors }: World): View {
  return {
    lease: lease && { owner: lease.owner, waits: lease.activeFrom > epoch },
    live: head.live?.generation,
    standby: head.standby?.generation,
    pending: head.pending ?? undefined,
    serving: rule?.serving,
    tried: rule?.tried,
    resting: rule?.resting ?? [],
    fleets,
    ended: (execution) => actors.some((actor) => actor.name === execution && actor.execution === "ended"),
  };
}

/** Letters for generations in the order in which they are first spoken of, and words for executions. */
class Names {
  readonly #letters = new Map<string, string>();
  readonly #view: View;
  readonly #me: string;

  constructor(before: View, after: View, me: string) {
    this.#view = before;
    this.#me = me;
    const roles = [before, after].flatMap(({ live, standby, pending, serving, tried }) => [
      live,
      standby,
      pending?.generation,
      serving,
      tried?.generation,
    ]);
    for (const role of roles) {
      if (role !== undefined && !this.#letters.has(role))
        this.#letters.set(role, "abcdefgh"[this.#letters.size] ?? "x");
    }
  }

  of(generation: string | undefined): string {
    return generation === undefined ? "none" : (this.#letters.get(generation) ?? "x");
  }

  list(generations: readonly string[]): string {
    return [...new Set(generations.map((generation) => this.of(generation)))].sort().join("") || "none";
  }

  owner(execution: string): string {
    if (execution === this.#me) return "its own";
    return this.#view.ended(execution) ? "a dead one's" : "another's";
  }
}

const said = {
  lease: ({ lease }: View, names: Names) => {
    if (!lease || lease.owner === null) return "a free";
    const owner = names.owner(lease.owner);
    // Only its owner has to heed that a lease must not be used yet.
    return lease.waits && owner === "its own" ? "its own and waiting" : owner;
  },
  head: ({ live, standby, pending }: View, names: Names) => {
    const work = pending ? `${names.of(pending.generation)} ${names.owner(pending.execution)}` : "none";
    return `live ${names.of(live)}, standby ${names.of(standby)}, pending ${work}`;
  },
  rule: (view: View, names: Names) => `${said.serving(view, names)} over ${names.list(view.resting)}`,
  fleets: ({ fleets }: View, names: Names) => names.list(fleets),
  serving: ({ serving, tried }: View, names: Names) =>
    tried ? `${names.of(serving)} and ${tried.percent} % ${names.of(tried.generation)}` : names.of(serving),
};

/** What each kind of change depends on, beside what it changes. */
const about = {
  lease: [],
  head: ["serving"],
  rule: ["head", "fleets"],
  fleets: ["head", "serving"],
} as const satisfies Partial<Record<keyof typeof said, readonly (keyof typeof said)[]>>;

/**
 * The changes between two views with the names taken away: who made them under whose lease, and what was live, stood by,
 * was pending and served. Two changes of one shape are the same change, however releases are numbered.
 * @returns Nothing when nothing that is shared changed.
 */
export function shapesOf(before: View, after: View, { execution, kind }: Doer): string[] {
  const names = new Names(before, after, execution);
  const who = `${before.ended(execution) ? "dead " : ""}${kind}`;
  return (["lease", "head", "rule", "fleets"] as const).flatMap((what) => {
    const [from, to] = [said[what](before, names), said[what](after, names)];
    if (from === to) return [];
    const under = what === "lease" ? "" : ` under ${said.lease(before, names)} lease`;
    const where = about[what].map((other) => `; ${other} ${said[other](before, names)}`).join("");
    return [`${who}${under}: ${what} ${from} → ${to}${where}`];
  });
}
