import { createInterface } from "node:readline/promises";

/** Asks one question on the terminal; what is answered with nothing is the preset. Questions go to stderr: they are no data. */
export async function terminalAsk(question: string, preset: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(`${question} [${preset}]: `)).trim() || preset;
  } finally {
    terminal.close();
  }
}
