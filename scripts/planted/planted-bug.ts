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
}
