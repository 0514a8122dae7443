import { appendFileSync, closeSync, openSync, readFileSync, readSync, statSync, writeFileSync } from "node:fs";

/** GetConsoleOutput shows this much of the end. Source: API_GetConsoleOutput, "the most recent 64 KB". */
const shownBytes = 65_536;
/** The file is cut back to the shown part when it reaches this, so that a talkative program fills no disk. */
const keptBytes = 16 * shownBytes;

/** A machine's serial console, in a file that outlives its processes. */
export class ConsoleLog {
  readonly #file: string;
  readonly #startedMs = performance.now();
  #bytes: number;

  constructor(file: string) {
    this.#file = file;
    appendFileSync(file, "");
    this.#bytes = statSync(file).size;
  }

  /** Writes one line as the kernel and journal do: seconds since boot, then who says it. */
  line(source: string, text: string): void {
    const seconds = ((performance.now() - this.#startedMs) / 1000).toFixed(6).padStart(12);
    const line = `[${seconds}] ${source}: ${text}\n`;
    appendFileSync(this.#file, line);
    this.#bytes += Buffer.byteLength(line);
    if (this.#bytes < keptBytes) return;
    const tail = tailOf(this.#file);
    writeFileSync(this.#file, tail);
    this.#bytes = Buffer.byteLength(tail);
  }
}

/** The end of a console, as far as AWS shows it; empty when there is none. */
export function tailOf(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch {
    return "";
  }
  try {
    const size = statSync(file).size;
    if (size <= shownBytes) return readFileSync(file, "utf8");
    const tail = Buffer.alloc(shownBytes);
    const read = readSync(descriptor, tail, 0, shownBytes, size - shownBytes);
    return tail.subarray(0, read).toString("utf8");
  } finally {
    closeSync(descriptor);
  }
}

/** Splits output into lines as it comes; `end` gives the last one when it has no newline. */
export class LineSplitter {
  #rest = "";
  readonly #give: (line: string) => void;

  constructor(give: (line: string) => void) {
    this.#give = give;
  }

  write(chunk: Buffer): void {
    const lines = (this.#rest + chunk.toString("utf8")).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#give(line);
    // A program that never ends its line must not hold its output back for ever.
    if (this.#rest.length > shownBytes) this.end();
  }

  end(): void {
    if (this.#rest !== "") this.#give(this.#rest);
    this.#rest = "";
  }
}
