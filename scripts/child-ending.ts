import type { ChildProcess } from "node:child_process";

/** How a program ended, and all that it said. */
export interface ChildEnding {
  /** Null when a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Waits for a program's end and reads what it says until then.
 * @throws {Error} when it could not be started.
 */
export async function endingOf(child: ChildProcess): Promise<ChildEnding> {
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code, ...said };
}
