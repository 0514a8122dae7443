import { leaseHolds } from "../../shared/domain/lease.ts";
import type { Actor, World } from "./world.ts";

/** What keeps executions out of each other's way; the model's own test switches one off and must see it break. */
export interface Rules {
  /** A takeover waits until the calls of the dead owner are over. */
  waitAfterTakeover: boolean;
  /** A deploy looks, under the lease, whether a newer one has taken its place. */
  newestWins: boolean;
  /** Whoever has a share of the requests keeps its fleet, as whoever has all of them does. */
  sharesServe: boolean;
  /** Traffic is taken away from a candidate that has a share as well, not only from one that has most. */
  sharesGoBack: boolean;
}

/** As production has it. */
export const production: Rules = { waitAfterTakeover: true, newestWins: true, sharesServe: true, sharesGoBack: true };

/** Where an actor goes on: the same invocation, a new one, or nowhere. */
export type Onward = { call: string } | { next: string } | { end: true };

export const call = (name: string): Onward => ({ call: name });
export const next = (name: string): Onward => ({ next: name });
export const end: Onward = { end: true };

/** Makes one call in a copy of the world that belongs to it. Several ways onward are choices that the world makes. */
export type Call = (world: World, me: Actor, rules: Rules) => Onward[];

export const holds = (world: World, me: Actor) => leaseHolds(world.lease, me.name, me.fence);
