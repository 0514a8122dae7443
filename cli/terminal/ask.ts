import { createInterface } from "node:readline/promises";
import { wrongUsage } from "../failure.ts";

/**
 * Asks one question on the terminal; what is answered with nothing is the preset. Questions go to stderr: they are no
 * data.
 * @throws {CommandFailure} when the person ends the input instead (Ctrl-C, Ctrl-D).
 */
export async function terminalAsk(question: string, preset: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const ended = Promise.withResolvers<never>();
  terminal.once("close", () => ended.reject(wrongUsage("The questions were not answered.", "Give options instead.")));
  try {
    const answer = await Promise.race([terminal.question(`${question} [${preset}]: `), ended.promise]);
    return answer.trim() || preset;
  } finally {
    // Closing it here is no end of the input, and nobody waits for that promise any more.
    ended.promise.catch(() => {});
    terminal.close();
  }
}
