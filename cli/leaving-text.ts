/** What happens to connections and to the program when a fleet leaves, for a person. Unit: seconds. */
export function leavingText(drainSeconds: number, stopSeconds: number): string {
  return `connections may go on for ${drainSeconds} s, then SIGTERM, SIGKILL ${stopSeconds} s later`;
}

/** The same, as short as a column of a table; empty when it is not known. */
export function leavingCell({
  drainSeconds,
  stopSeconds,
}: Partial<Record<"drainSeconds" | "stopSeconds", number | undefined>>): string {
  return drainSeconds === undefined ? "" : `drains ${drainSeconds} s, stops within ${stopSeconds} s`;
}
