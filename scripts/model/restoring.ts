import { type Call, call, end, holds, next } from "./call.ts";
import { hasRequests, ruleOf, seen } from "./traffic.ts";

/** Takes the requests away from a generation, in the three calls of these names, and goes on. */
export function restoring(read: string, confirm: string, change: string, onwards: string): Record<string, Call> {
  return {
    [read](world, me, { sharesGoBack }) {
      const isLive = world.head.live?.generation === me.generation;
      const named = hasRequests(world, me.generation) || world.rule?.resting.includes(me.generation);
      if (isLive || !named) return [next(onwards)];
      const { live, standby } = seen(world);
      const rests = standby === undefined || standby === live || world.rule?.resting.includes(standby);
      const isWhole = world.rule?.serving === live && (world.rule?.tried === undefined || !sharesGoBack);
      if (live !== undefined && isWhole && rests) return [next(onwards)];
      me.seen = seen(world);
      return [call(confirm)];
    },
    [confirm](world, me) {
      return [holds(world, me) ? call(change) : end];
    },
    [change](world, me) {
      const { live, standby, ...rule } = me.seen;
      world.rule = live === undefined ? undefined : ruleOf(live, { live: standby, ...rule });
      return [next(onwards)];
    },
  };
}
