import { type World, worldWith } from "./world.ts";

const one = { name: "deploy-1", kind: "deploy", intent: 1 } as const;
const two = { name: "deploy-2", kind: "deploy", intent: 2 } as const;
const back = { name: "rollback", kind: "rollback", intent: 3 } as const;
const sweep = { name: "sweep", kind: "sweep", intent: 0 } as const;

/** The worlds that are explored to the end, smallest first. */
export function scenes(): { name: string; world: World }[] {
  return [
    { name: "a deploy and a sweep, two accidents", world: worldWith([one, sweep], 2) },
    { name: "a rollback, a deploy and a sweep, one accident", world: worldWith([one, back, sweep], 1) },
    { name: "two deploys and a sweep, one accident", world: worldWith([one, two, sweep], 1) },
    { name: "two deploys, a rollback and a sweep, no accident", world: worldWith([one, two, back, sweep], 0) },
    { name: "two deploys, a rollback and a sweep, one accident", world: worldWith([one, two, back, sweep], 1) },
  ];
}
