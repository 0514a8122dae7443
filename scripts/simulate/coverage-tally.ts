import { faultCells, type Reached } from "./coverage.ts";

const kinds = ["state", "retry", "catch", "fault"] as const;

/** How much of one kind was covered. */
export interface Share {
  covered: number;
  of: number;
  /** By name, in order. */
  missing: string[];
}

/** States, retriers and catchers of the machines, and kinds of fault at the calls of handlers. */
export type Coverage = Record<(typeof kinds)[number], Share>;

/** Adds up what many runs reached. */
export class CoverageTally {
  readonly #machineCells: readonly string[];
  readonly #covered = new Set<string>();
  readonly #calls = new Set<string>();

  /** @param machineCells What there is to be covered of the machines; calls are known once some run makes them. */
  constructor(machineCells: readonly string[]) {
    this.#machineCells = machineCells;
  }

  add({ covered, calls }: Reached): void {
    for (const cell of covered) this.#covered.add(cell);
    for (const call of calls) this.#calls.add(call);
  }

  result(): Coverage {
    const all = [...this.#machineCells, ...faultCells(this.#calls)];
    const share = (kind: string): Share => {
      const cells = all.filter((cell) => cell.startsWith(`${kind} `));
      const missing = cells.filter((cell) => !this.#covered.has(cell)).map((cell) => cell.slice(kind.length + 1));
      return { covered: cells.length - missing.length, of: cells.length, missing: missing.sort() };
    };
    return { state: share("state"), retry: share("retry"), catch: share("catch"), fault: share("fault") };
  }
}

/** Coverage as lines to read. */
export function coverageLines(coverage: Coverage): string[] {
  return kinds.flatMap((kind) => {
    const { covered, of, missing } = coverage[kind];
    return [`coverage: ${kind.padEnd(14)} ${covered} of ${of}`, ...missing.map((cell) => `  not: ${kind} ${cell}`)];
  });
}
