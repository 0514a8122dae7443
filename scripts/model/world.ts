import { emptyHead, type Head } from "../../shared/domain/head.ts";
import type { Lease } from "../../shared/domain/lease.ts";

/** Everything of one service that two executions could fight about, and the executions themselves. */
export interface World {
  head: Head;
  lease: Lease | undefined;
  /** Stopped executions with a call under way when the lease was last taken from a dead owner: what its wait waits out. */
  waitedOut: string[];
  /** Undefined: there is no production rule. */
  rule: Rule | undefined;
  /** Generations whose fleet stands. */
  fleets: string[];
  /** Generations that passed validation. */
  validated: string[];
  /** Place of the newest intent that was promoted, a rollback's included. */
  promotedIntent: number;
  actors: Actor[];
  /** How many more crashes and stops may happen. */
  crashesLeft: number;
}

/** The production rule: who gets the requests, and who stays in it at weight 0. */
export interface Rule {
  serving: string;
  /** A release that gets a share of them, while `serving` gets the rest. */
  tried?: Share;
  resting: readonly string[];
}

/** Unit: percent of the requests, 1–99. */
export interface Share {
  generation: string;
  percent: number;
}

/** One execution, and the Lambda invocation that makes its next call. */
export interface Actor {
  name: string;
  kind: "deploy" | "rollback" | "sweep";
  /** Place in the order of intents. */
  intent: number;
  /** `idle` has not started; `ended` may have an invocation that runs on: a zombie. */
  execution: "idle" | "running" | "ended";
  /** The next call it makes. */
  at: string;
  /** The first call of the invocation under way: a Lambda that crashed begins there again. */
  began: string;
  /** Whether that call belongs to an invocation under way. */
  inside: boolean;
  generation: string;
  fence: number;
  /** The shares of the requests that a deploy gives its release before all of them; left out when there are none. */
  shares?: readonly number[];
  /** Which of them is next: in the execution's own memory, like a step of the strategy. */
  step: number;
  /** What the present invocation read; it acts on that even when the world has moved on. */
  seen: { live?: string | undefined; standby?: string } & Partial<Rule>;
}

/** How many releases there were before: the last one serves, the one before it stands by, or is cold and only its image kept. */
export type Releases = 0 | 1 | 2 | "cold";

/** The world with these executions to come. */
export function worldWith(
  actors: readonly Pick<Actor, "name" | "kind" | "intent" | "shares">[],
  crashes: number,
  releases: Releases = 1,
): World {
  const served = ["web-000001", "web-000002"].slice(0, releases === "cold" ? 2 : releases);
  const serving = served.at(-1);
  const standing = releases === "cold" ? served.slice(-1) : served;
  const resting = standing.slice(0, -1);
  return {
    head: {
      ...emptyHead("web"),
      nextOrdinal: served.length + 1,
      live: serving === undefined ? null : { generation: serving, since: epoch },
      standby: resting[0] === undefined ? null : { generation: resting[0], until: hotUntil },
      known: standing,
      kept: served,
    },
    lease: undefined,
    waitedOut: [],
    rule: serving === undefined ? undefined : { serving, resting },
    fleets: standing,
    validated: served,
    promotedIntent: 0,
    actors: actors.map((actor) => ({
      ...actor,
      execution: "idle",
      at: firstCall[actor.kind],
      began: "",
      inside: false,
      generation: "",
      fence: 0,
      step: 0,
      seen: {},
    })),
    crashesLeft: crashes,
  };
}

/** All of the model happens at one moment of the clock, but for the end of a takeover's wait. */
export const epoch = "1970-01-01T00:00:00.000Z";

/** A standby of the model never gets cold by itself. */
export const hotUntil = "1970-01-01T01:00:00.000Z";

export const firstCall = { deploy: "admit", rollback: "preempt", sweep: "takeService" } as const;

/** An execution's ARN is its name here; an intent's time is its place in the order. */
export function intentOf(actor: Actor) {
  const time = new Date(actor.intent * 1000).toISOString();
  return { kind: actor.kind === "rollback" ? ("rollback" as const) : ("upload" as const), time, tieBreak: actor.name };
}

export function actorNamed(world: World, name: string): Actor | undefined {
  return world.actors.find((actor) => actor.name === name);
}
