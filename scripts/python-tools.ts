import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const requirementsFile = join(import.meta.dirname, "python-requirements.txt");

/** Thrown when the Python tools cannot be installed; the message says what is missing. */
export class PythonToolsError extends Error {
  override readonly name = "PythonToolsError";
}

/**
 * The directory with the checks' Python programs (`aws`, `cfn-lint`, a `python` with boto3), installed into a virtual
 * environment on first use. Needs `python3` with `venv` (Debian: python3-venv), and the Python package index.
 * @throws {PythonToolsError}
 */
export function pythonTools(cacheDirectory: string): string {
  const requirements = readFileSync(requirementsFile);
  const recipe = createHash("sha256").update(requirements).digest("hex").slice(0, 12);
  const directory = join(cacheDirectory, `python-${recipe}`);
  const bin = join(directory, "bin");
  const finished = join(directory, ".finished");
  if (existsSync(finished)) return bin;

  rmSync(directory, { recursive: true, force: true });
  must("python3", ["-m", "venv", directory]);
  must(join(bin, "pip"), ["install", "--quiet", "--disable-pip-version-check", "--requirement", requirementsFile]);
  writeFileSync(finished, "");
  return bin;
}

function must(command: string, args: readonly string[]): void {
  const result = spawnSync(command, args, { stdio: ["ignore", 2, 2] });
  if (result.status === 0) return;
  const why = result.error ? result.error.message : `exit code ${result.status}`;
  throw new PythonToolsError(`${command} ${args.join(" ")} failed (${why}); the checks need python3 with venv and pip`);
}
