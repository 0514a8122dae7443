import type { Service, SimulatedStage } from "../simulated-stage.ts";

/** Where a person edits, and what they choose there. */
export interface EditPlace {
  stage: SimulatedStage;
  service: Service;
  /** From 0 to 1: which one of several things is edited. */
  which: number;
  /** From 0 to 1, independent of it: in which of several ways. */
  how: number;
}

/**
 * Changes something by hand. What it calls is answered without the clock.
 * @returns Puts it back as Kiln wants it by then; undefined when there was nothing to edit.
 */
export type Edit = (place: EditPlace) => Promise<(() => Promise<void>) | undefined>;

export function chosen<T>(among: readonly T[], which: number): T | undefined {
  return among[Math.floor(which * among.length)];
}

/** The documents of one collection of the simulated cloud. */
export function rows<T>({ cloud }: SimulatedStage, collection: string): Readonly<T>[] {
  return cloud.kernel.store.collection<T>(collection).list();
}
