import type { EventEmitter } from "node:events";

/**
 * Ends quietly when the reader of what is printed has gone, as `| head` does, with the exit code as far as it is known.
 * What was begun in a stage goes on there, with or without somebody who watches.
 */
export function endWithReader(...streams: EventEmitter[]): void {
  for (const stream of streams) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit();
    });
  }
}
