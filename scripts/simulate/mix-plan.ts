import { Random } from "../../local/core/random.ts";
import { type Deed, drawDeed, type Pushed } from "./deeds.ts";
import type { FaultKind } from "./faults.ts";
import { type Situation, situationOf } from "./scenarios.ts";
import { drawWorld } from "./worlds.ts";

/** A deed and when it is done. Unit: seconds of virtual time since the mix began. */
export type Happening = Deed & { atSeconds: number };

/** A fault and the call it strikes, by the place that `HandlerCall` gives it. */
export interface PlacedFault {
  at: string;
  kind: FaultKind;
}

/** Everything that one mix is made of, as it can be kept in a file: the same plan gives the same run. */
export interface MixPlan {
  /** Of what the cloud draws, such as ids and delays. */
  seed: number;
  begins: Situation;
  /** In the order of their time. */
  happenings: Happening[];
  /** `drawn`: the seed decides for each call. */
  faults: PlacedFault[] | "drawn";
}

/** What a mix of another kind does at times; `otherwise` gives what every mix does. */
export type DrawDeed = (random: Random, otherwise: () => Deed) => Deed;

/** Things that happen in one run, and how far apart at most. Unit: seconds of virtual time. */
const events = { least: 4, most: 12 };
const longestPauseSeconds = 240;

/** Some come right after one another, so that up to four executions overlap. */
const hurriedShare = 0.3;
const hurriedPauseSeconds = 25;

/** Keeps what people do apart from what the cloud draws. */
const seedStride = 0x2545f491;

/** What a seed stands for. */
export function drawPlan(seed: number, draw: DrawDeed = (_random, otherwise) => otherwise()): MixPlan {
  const random = new Random(seed * seedStride);
  const begins = situationOf(seed);
  const world = drawWorld(random, begins);
  const happenings: Happening[] = world.applied.map((deed) => ({ atSeconds: 0, ...deed }));
  const pushed: Pushed[] = [];
  const count = Math.floor(random.between(events.least, events.most + 1));
  let atSeconds = 0;
  for (let number = 1; number <= count; number++) {
    happenings.push({ atSeconds, ...draw(random, () => drawDeed(random, number, pushed, world)) });
    const pauseSeconds = random.next() < hurriedShare ? hurriedPauseSeconds : longestPauseSeconds;
    atSeconds += Math.floor(random.between(0, pauseSeconds));
  }
  return { seed, begins, happenings, faults: "drawn" };
}
