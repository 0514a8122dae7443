import { hash } from "node:crypto";
import { leftovers } from "../../shared/domain/head.ts";
import type { Onward, Rules } from "./call.ts";
import { calls, guarded, isZombie } from "./calls.ts";
import { Paths } from "./ending.ts";
import { goesTo, hasRequests } from "./traffic.ts";
import { type Actor, actorNamed, epoch, firstCall, type World } from "./world.ts";

/** What exploring every interleaving came to. */
export interface Explored {
  states: number;
  transitions: number;
  /** States in which nothing can happen any more. */
  ends: number;
  /** The first broken promise, with the shortest way to it. */
  violation: { promise: string; path: string[] } | undefined;
}

/** A step that could be taken: what it is called, and the world after it. */
interface Step {
  label: string;
  /** Whose call it is; undefined for what the world does. */
  by?: Actor;
  after: World;
  broken?: string;
}

/** Sees a call and what it changed. */
export type Seen = (before: World, after: World, by: Actor) => void;

/**
 * Visits every state that can be reached from a world, breadth first, so that the way to a violation is a shortest one; then
 * looks whether each of them still leads to an end.
 * @param see Sees each call of each execution, in every state.
 * @throws {Error} when there are more states than `atMost`: the exploration would not be to the end.
 */
export function explore(begin: World, rules: Rules, atMost = 5_000_000, see: Seen = () => {}): Explored {
  const cameFrom = new Map<string, Visited>();
  const paths = new Paths();
  const ends: number[] = [];
  let frontier = [begin];
  cameFrom.set(keyOf(begin), { id: 0, from: "", label: "" });
  let transitions = 0;
  while (frontier.length > 0) {
    const nextFrontier: World[] = [];
    for (const world of frontier) {
      const key = keyOf(world);
      const id = cameFrom.get(key)?.id ?? 0;
      const pathTo = (label?: string) => [...pathOf(cameFrom, key), ...(label === undefined ? [] : [label])];
      const found = { states: cameFrom.size, transitions, ends: ends.length };
      const steps = stepsOf(world, rules);
      if (steps.every(({ after }) => after === world)) {
        ends.push(id);
        const promise = brokenAtRest(world);
        if (promise) return { ...found, violation: { promise, path: pathTo() } };
      }
      for (const { label, by, after, broken } of steps) {
        transitions += 1;
        if (by) see(world, after, by);
        const promise = broken ?? brokenIn(after);
        if (promise) return { ...found, violation: { promise, path: pathTo(label) } };
        const afterKey = keyOf(after);
        const known = cameFrom.get(afterKey);
        paths.add(id, known?.id ?? cameFrom.size);
        if (known) continue;
        cameFrom.set(afterKey, { id: cameFrom.size, from: key, label });
        nextFrontier.push(after);
      }
      if (cameFrom.size > atMost) throw new Error(`more than ${atMost} states`);
    }
    frontier = nextFrontier;
  }
  const found = { states: cameFrom.size, transitions, ends: ends.length };
  const endless = paths.firstEndless(cameFrom.size, ends);
  if (endless === undefined) return { ...found, violation: undefined };
  const [key = ""] = [...cameFrom].find(([, { id }]) => id === endless) ?? [];
  return { ...found, violation: { promise: "L1 it ends: from here nothing does", path: pathOf(cameFrom, key) } };
}

/** A state that was reached: its number, and how. */
interface Visited {
  id: number;
  from: string;
  label: string;
}

/** Decisions make new documents instead of changing them, so only what steps write to is copied. */
function copyOf(world: World): World {
  return { ...world, actors: world.actors.map((actor) => ({ ...actor })) };
}

/** A digest: millions of worlds as texts would not fit into memory. */
function keyOf(world: World): string {
  return hash("sha256", JSON.stringify(world), "base64");
}

function pathOf(cameFrom: ReadonlyMap<string, Visited>, key: string): string[] {
  const path: string[] = [];
  for (let step = cameFrom.get(key); step && step.label !== ""; step = cameFrom.get(step.from))
    path.unshift(step.label);
  return path;
}

function stepsOf(world: World, rules: Rules): Step[] {
  const steps = world.actors.flatMap((actor) => [...turns(world, actor, rules), ...accidents(world, actor)]);
  const waiting = world.lease !== undefined && world.lease.activeFrom > epoch;
  const over = world.waitedOut.every((name) => !isZombie(actorNamed(world, name) ?? none));
  if (waiting && over) {
    const after = copyOf(world);
    if (world.lease) after.lease = { ...world.lease, activeFrom: epoch };
    steps.push({ label: "the wait is over", after: { ...after, waitedOut: [] } });
  }
  return steps;
}

const none = { execution: "ended", inside: false } as Actor;

/** The next call of an actor, for each way that it may go on. */
function turns(world: World, actor: Actor, rules: Rules): Step[] {
  const { name, execution, inside, at, kind } = actor;
  if (execution === "ended" && !inside) return kind === "sweep" ? again(world, name) : [];
  if (execution === "idle" && kind === "sweep" && !hasWork(world)) return [];
  const make = calls[at];
  if (!make) throw new Error(`there is no call ${at}`);
  const probe = copyOf(world);
  const ways = make(probe, own(probe, name), rules).length;
  return Array.from({ length: ways }, (_, way) => {
    const after = copyOf(world);
    const me = own(after, name);
    if (me.execution === "idle") me.execution = "running";
    const broken = guarded.has(at) ? brokenFence(after, me) : brokenOrder(world, at, me);
    goOn(me, make(after, me, rules)[way] ?? { end: true });
    return { label: `${name} ${at}${ways > 1 ? ` (${way + 1})` : ""}`, by: actor, after, ...(broken && { broken }) };
  });
}

function goOn(me: Actor, onward: Onward): void {
  if ("call" in onward) {
    if (!me.inside) me.began = me.at;
    me.inside = true;
    me.at = onward.call;
    return;
  }
  me.inside = false;
  me.seen = keepsSeen(me, onward);
  me.began = "";
  if ("next" in onward) me.at = onward.next;
  else Object.assign(me, nothing, { execution: "ended" });
}

/** Only the mark of a settled release that reaps leftovers outlives an invocation: it is in the execution's own input. */
function keepsSeen(me: Actor, onward: Onward): Actor["seen"] {
  const retiring =
    "next" in onward && onward.next === "readForReap" && me.seen.live !== undefined && me.kind !== "sweep";
  return retiring && me.seen.live !== undefined && me.seen.live !== me.generation && me.at !== "restoreRule"
    ? { live: me.seen.live }
    : {};
}

/** A sweep that has ended starts again when there is something to do, as its schedule would. */
function again(world: World, name: string): Step[] {
  if (!hasWork(world)) return [];
  const after = copyOf(world);
  Object.assign(own(after, name), {
    execution: "running",
    at: firstCall.sweep,
    inside: false,
    generation: "",
    seen: {},
  });
  return [{ label: `${name} starts again`, after }];
}

const nothing = { inside: false, at: "", began: "", generation: "", fence: 0, step: 0, seen: {} } as const;

/** A Lambda that dies and is retried, an execution that is stopped, and the end of what a stopped one still did. */
function accidents(world: World, { name, execution, inside }: Actor): Step[] {
  const steps: Step[] = [];
  const change = (label: string, how: (me: Actor, after: World) => void) => {
    const after = copyOf(world);
    how(own(after, name), after);
    steps.push({ label: `${name} ${label}`, after });
  };
  if (execution === "ended" && inside) change("is cut off", (me) => Object.assign(me, nothing));
  if (execution !== "running" || world.crashesLeft === 0) return steps;
  change("is stopped", (me, after) => {
    Object.assign(me, { execution: "ended", ...(!inside && nothing) });
    after.crashesLeft -= 1;
  });
  if (inside) {
    change("crashes and is tried again", (me, after) => {
      Object.assign(me, { inside: false, at: me.began, seen: {} });
      after.crashesLeft -= 1;
    });
  }
  return steps;
}

function hasWork(world: World): boolean {
  const { head, lease, rule, actors } = world;
  const isOver = (name: string | null | undefined) =>
    name != null && actors.find((actor) => actor.name === name)?.execution === "ended";
  if (lease?.owner != null && !isOver(lease.owner)) return false;
  const orphan = !head.pending && rule !== undefined && goesTo(world) !== head.live?.generation;
  return (
    isOver(head.pending?.execution) ||
    isOver(lease?.owner) ||
    orphan ||
    leftovers(head, 0).some((one) => !hasRequests(world, one))
  );
}

function own(world: World, name: string): Actor {
  const me = actorNamed(world, name);
  if (!me) throw new Error(`there is no ${name}`);
  return me;
}

/** S6: nobody changes traffic or deletes anything once another owner may. */
function brokenFence({ lease }: World, me: Actor): string | undefined {
  const another = lease !== undefined && (lease.owner !== me.name || lease.fence !== me.fence);
  if (!another || lease.activeFrom > epoch || lease.fence <= me.fence) return undefined;
  return `S6 fencing: ${me.name} did ${me.at} under fence ${me.fence} when ${lease.owner ?? "nobody"} had ${lease.fence}`;
}

/** S4: what is older than something that was promoted is promoted no more. */
function brokenOrder({ promotedIntent, head }: World, at: string, me: Actor): string | undefined {
  const promotes = at === "promote" && me.kind === "deploy" && head.live?.generation !== me.generation;
  if (!promotes || me.intent >= promotedIntent) return undefined;
  return `S4 newest wins: ${me.name} becomes live after something newer did`;
}

/** What must hold at every moment. */
function brokenIn({ rule, head, fleets, validated }: World): string | undefined {
  if (!rule) return head.live ? "S1 never dark: there is no production rule" : undefined;
  const serving = [rule.serving, ...(rule.tried ? [rule.tried.generation] : [])];
  const dark = serving.find((one) => !fleets.includes(one));
  if (dark !== undefined) return `S1 never dark: ${dark} serves and has no fleet`;
  const doubtful = serving.find((one) => !validated.includes(one));
  return doubtful && `S2 only validated: ${doubtful} serves and was never validated`;
}

/** What must hold once everybody has ended and a sweep finds nothing to do. */
function brokenAtRest({ head, lease, rule, fleets, actors }: World): string | undefined {
  if (actors.some(({ execution, kind }) => execution !== "ended" && kind !== "sweep"))
    return "L1 it ends: somebody waits for ever";
  if (lease?.owner != null) return `L1 it ends: the lease is left with ${lease.owner}`;
  if (head.pending) return `L1 it ends: ${head.pending.generation} is pending for ever`;
  if (rule?.serving !== head.live?.generation)
    return `H1 honest record: ${rule?.serving} serves, ${head.live?.generation} is live`;
  if (rule?.tried) return `H1 honest record: ${rule.tried.generation} keeps a share, ${head.live?.generation} is live`;
  const held = new Set([head.live?.generation, head.standby?.generation]);
  const orphan = fleets.find((generation) => !held.has(generation));
  return orphan && `S9 no orphans: the fleet of ${orphan} is left`;
}
