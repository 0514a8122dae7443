import { production } from "./call.ts";
import { explore } from "./explore.ts";
import { shapesOf, viewOf } from "./view.ts";
import type { World } from "./world.ts";

/**
 * Every change that the model allows, as shapes: all that somebody does in any state that can be reached from these worlds.
 * @throws {Error} when a world breaks a promise: then it does not say what is allowed.
 */
export function relationOf(scenes: readonly { name: string; world: World }[]): ReadonlySet<string> {
  const shapes = new Set<string>();
  for (const { name, world } of scenes) {
    const { violation } = explore(world, production, undefined, (before, after, { name: execution, kind }) => {
      if (!sharesTheSame(before, after)) {
        for (const shape of shapesOf(viewOf(before), viewOf(after), { execution, kind })) shapes.add(shape);
      }
    });
    if (violation) throw new Error(`${name}: ${violation.promise}`);
  }
  return shapes;
}

/** Documents are never changed but made anew, so most calls are seen to change nothing at once. */
function sharesTheSame(before: World, after: World): boolean {
  return (
    before.head === after.head &&
    before.lease === after.lease &&
    before.rule === after.rule &&
    before.fleets === after.fleets
  );
}
