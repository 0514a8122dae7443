import { type World, worldWith } from "./world.ts";

const one = { name: "deploy-1", kind: "deploy", intent: 1 } as const;
const two = { name: "deploy-2", kind: "deploy", intent: 2 } as const;
const back = { name: "rollback", kind: "rollback", intent: 3 } as const;
const later = { name: "deploy-2", kind: "deploy", intent: 4 } as const;
const backAgain = { name: "rollback-2", kind: "rollback", intent: 4 } as const;
const sweep = { name: "sweep", kind: "sweep", intent: 0 } as const;

/** Traffic moved in steps; the simulation's second service does the same. */
const shares = [10, 50];
const canary = { ...one, shares } as const;
const nextCanary = { ...two, shares } as const;
const laterCanary = { ...later, shares } as const;
const linear = { ...one, shares: [50] } as const;
const nextLinear = { ...two, shares: [50] } as const;

export interface Scene {
  name: string;
  world: World;
}

/** The worlds that are explored in a second: one thing at a time, and two deploys at once. */
export function smallestScenes(): Scene[] {
  return [
    { name: "a first deploy and a sweep, one accident", world: worldWith([one, sweep], 1, 0) },
    { name: "a second deploy and a sweep, one accident", world: worldWith([one, sweep], 1, 1) },
    { name: "a third deploy and a sweep, one accident", world: worldWith([one, sweep], 1, 2) },
    { name: "a rollback and a sweep, one accident", world: worldWith([back, sweep], 1, 2) },
    { name: "two deploys, no accident", world: worldWith([one, two], 0, 2) },
    { name: "a first canary and a sweep, one accident", world: worldWith([canary, sweep], 1, 0) },
    { name: "a canary and a sweep, one accident", world: worldWith([canary, sweep], 1) },
    { name: "a third canary and a sweep, one accident", world: worldWith([canary, sweep], 1, 2) },
    { name: "a rollback and a canary, no accident", world: worldWith([canary, back, sweep], 0) },
  ];
}

/** The worlds that are explored in seconds: together they allow what one service of a simulation may do. */
export function smallScenes(): Scene[] {
  return [
    { name: "a deploy and a sweep, two accidents", world: worldWith([one, sweep], 2) },
    { name: "two first deploys and a sweep, two accidents", world: worldWith([one, two, sweep], 2, 0) },
    { name: "two deploys and a sweep, two accidents", world: worldWith([one, two, sweep], 2) },
    { name: "a third and a fourth deploy and a sweep, two accidents", world: worldWith([one, two, sweep], 2, 2) },
    { name: "a rollback, a deploy and a sweep, one accident", world: worldWith([one, back, sweep], 1) },
    { name: "a rollback, a third deploy and a sweep, one accident", world: worldWith([one, back, sweep], 1, 2) },
    { name: "a rollback, a later deploy and a sweep, no accident", world: worldWith([back, later, sweep], 0, 2) },
    { name: "two rollbacks and a sweep, one accident", world: worldWith([back, backAgain, sweep], 1, 2) },
    { name: "two cold rollbacks and a sweep, one accident", world: worldWith([back, backAgain, sweep], 1, "cold") },
    { name: "a cold rollback, a deploy and a sweep, one accident", world: worldWith([one, back, sweep], 1, "cold") },
    ...steppedScenes(),
  ];
}

/** The same where traffic moves in steps: whatever stops a deploy between two of them leaves two releases in the rule. */
function steppedScenes(): Scene[] {
  return [
    { name: "two first canaries and a sweep, two accidents", world: worldWith([canary, nextCanary, sweep], 2, 0) },
    { name: "two linear deploys and a sweep, two accidents", world: worldWith([linear, nextLinear, sweep], 2) },
    {
      name: "a third and a fourth linear deploy and a sweep, two accidents",
      world: worldWith([linear, nextLinear, sweep], 2, 2),
    },
    { name: "two canaries and a sweep, two accidents", world: worldWith([canary, nextCanary, sweep], 2) },
    {
      name: "a third and a fourth canary and a sweep, two accidents",
      world: worldWith([canary, nextCanary, sweep], 2, 2),
    },
    { name: "a rollback, a canary and a sweep, one accident", world: worldWith([canary, back, sweep], 1) },
    { name: "a rollback, a third canary and a sweep, one accident", world: worldWith([canary, back, sweep], 1, 2) },
    { name: "a rollback, a later canary and a sweep, no accident", world: worldWith([back, laterCanary, sweep], 0, 2) },
  ];
}

/** The worlds that are explored to the end, smallest first. */
export function scenes(): Scene[] {
  const canaries = [canary, nextCanary, back, sweep];
  return [
    ...smallScenes(),
    { name: "two deploys, a rollback and a sweep, no accident", world: worldWith([one, two, back, sweep], 0) },
    { name: "two canaries, a rollback and a sweep, no accident", world: worldWith(canaries, 0) },
    { name: "two deploys, a rollback and a sweep, one accident", world: worldWith([one, two, back, sweep], 1) },
    { name: "two canaries, a rollback and a sweep, one accident", world: worldWith(canaries, 1) },
  ];
}
