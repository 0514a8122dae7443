import { isDeepStrictEqual } from "node:util";

/** Unit: characters. The end of a console says why; all of it would drown that. */
const shownConsoleLength = 6000;

/** Counts what held and what did not, one line each, and ends with `N passed, M failed`. */
export class Checks {
  #passed = 0;
  #failed = 0;

  async equal<T>(what: string, find: () => Promise<T>, expected: T): Promise<void> {
    const found = await find();
    this.#record(isDeepStrictEqual(found, expected), what, () => [
      `expected ${JSON.stringify(expected)}`,
      `found    ${JSON.stringify(found)}`,
    ]);
  }

  match(what: string, text: string, pattern: RegExp): void {
    this.#record(pattern.test(text), what, () => [`expected ${pattern}`, `in ${JSON.stringify(text.slice(-1000))}`]);
  }

  fail(what: string, error: unknown): void {
    this.#record(false, what, () => [error instanceof Error ? `${error.name}: ${error.message}` : String(error)]);
  }

  showConsole(text: string): void {
    console.log(text.slice(-shownConsoleLength).replaceAll(/^/gm, "  | "));
  }

  /** Prints the sum and sets the exit code. */
  finish(): void {
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    process.exitCode = this.#failed === 0 ? 0 : 1;
  }

  #record(held: boolean, what: string, why: () => string[]): void {
    if (held) this.#passed += 1;
    else this.#failed += 1;
    console.log(`${held ? "ok" : "not ok"} ${what}`);
    if (!held) for (const line of why()) console.log(`  ${line}`);
  }
}
