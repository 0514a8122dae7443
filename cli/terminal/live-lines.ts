import { stripVTControlCharacters } from "node:util";

/** Where lines are shown: a terminal, whose size may change at any time. */
export interface LineScreen {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
  rows?: number;
}

/**
 * Shows a picture of several lines again and again. On a terminal each takes the place of the one before; elsewhere a
 * picture is written only when it differs from the last, so that a log holds what changed.
 */
export class LiveLines {
  readonly #screen: LineScreen;
  #shown = 0;
  #last = "";

  constructor(screen: LineScreen) {
    this.#screen = screen;
  }

  show(lines: readonly string[]): void {
    const text = lines.join("\n");
    if (text === this.#last) return;
    this.#last = text;
    if (!this.#screen.isTTY) {
      this.#screen.write(`${text}\n`);
      return;
    }
    // Some terminals say 0 for what they do not know. A picture taller than the terminal cannot be gone back over; a line wider than it would count as two.
    const fitting = lines.slice(0, Math.max(1, (this.#screen.rows || 24) - 1));
    const width = Math.max(20, (this.#screen.columns || 80) - 1);
    const back = this.#shown > 0 ? `\u001b[${this.#shown}A\u001b[0J` : "";
    this.#screen.write(`${back}${fitting.map((line) => shortened(line, width)).join("\n")}\n`);
    this.#shown = fitting.length;
  }
}

/** A coloured line is cut only by giving up its colours. */
function shortened(line: string, width: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length <= width ? line : `${plain.slice(0, width - 1)}…`;
}
