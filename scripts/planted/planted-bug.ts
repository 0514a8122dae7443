import type { FaultKind } from "../simulate/faults.ts";

/** One replacement in a source file. */
export interface Patch {
  /** From the project's root. */
  file: string;
  /** Occurs exactly once in the file. */
  find: string;
  replace: string;
}

/** A mistake that another tool really made, as it would look in Kiln's own code. */
export interface PlantedBug {
  id: string;
  /** Where users of that tool tell of it. */
  thread: string;
  /** What went wrong there, and so here. */
  was: string;
  /** Several where more than one safeguard stands in the way of the mistake. */
  patches: readonly Patch[];
  /** The scene in which it went wrong, tried when the random mixes have found nothing (`scenes.ts`). */
  scene?: string;
  /** Which single faults are tried after that: all of them for one bug would take an hour. */
  faults?: FaultsTried;
}

/** Single faults at some calls of one reference scenario or scene. */
interface FaultsTried {
  scenario: string;
  kind: FaultKind;
  /** Such as `elasticloadbalancing:CreateRule`, after the handler's name and a space. */
  at: RegExp;
}
