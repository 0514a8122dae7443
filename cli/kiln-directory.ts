import { dirname, join } from "node:path";

/** The project's root: what is packaged, and where the examples are. */
export const projectDirectory = dirname(import.meta.dirname);

/**
 * Where Kiln keeps what belongs to this machine: caches, the state of embedded clouds, and the note of the one that
 * runs. `KILN_HOME` moves it, so that two clouds of one clone do not meet.
 */
export function kilnDirectory(environment: Record<string, string | undefined> = process.env): string {
  return environment["KILN_HOME"] ?? join(projectDirectory, ".kiln");
}

/** Archives that were packed or downloaded, and may be thrown away. */
export function cacheDirectory(): string {
  return join(kilnDirectory(), "cache");
}
