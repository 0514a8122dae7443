import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { projectDirectory } from "../../../cli/kiln-directory.ts";
import { endingOf } from "../../../scripts/child-ending.ts";
import { pythonTools } from "../../../scripts/python-tools.ts";
import { settingsFor } from "../../e2e/support/aws-cli.ts";

/** Where the checks' Python programs are; installed on first use. */
export function pythonBin(): string {
  const cache = join(projectDirectory, ".kiln", "cache");
  mkdirSync(cache, { recursive: true });
  return pythonTools(cache);
}

/** The environment of a person who has nothing but an endpoint and a key; nothing of this machine's configuration. */
export function clientEnvironment(endpoint: string): Record<string, string> {
  return {
    ...settingsFor(endpoint),
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONWARNINGS: "ignore",
  };
}

/**
 * Runs a Python program to its end and returns what it printed.
 * @param input What it finds on standard input.
 * @throws {Error} with the end of what it said, when it does not end well.
 */
export async function runPython(
  args: readonly string[],
  environment: Record<string, string>,
  input = "",
): Promise<string> {
  const child = spawn(join(pythonBin(), "python"), args, { env: environment, stdio: "pipe" });
  child.stdin.end(input);
  const { code, stdout, stderr } = await endingOf(child);
  if (code === 0) return stdout;
  throw new Error(`${args.join(" ")} ended with code ${code}:\n${stderr.trim().split("\n").slice(-12).join("\n")}`);
}
