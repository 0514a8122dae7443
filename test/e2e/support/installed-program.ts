import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { projectDirectory } from "../../../cli/kiln-directory.ts";

/** What the checks install with Python: the AWS CLI, and a Python that has boto3. */
export type InstalledProgram = "aws" | "python3";

/**
 * The program that the checks have installed, else the one on the path.
 * @throws {Error} when there is neither.
 */
export function installedProgram(name: InstalledProgram): string {
  const cache = join(projectDirectory, ".kiln", "cache");
  const installed = existsSync(cache) ? readdirSync(cache).filter((entry) => entry.startsWith("python-")) : [];
  const directories = [
    ...installed.map((entry) => join(cache, entry, "bin")),
    ...(process.env["PATH"] ?? "").split(delimiter),
  ];
  const found = directories.map((directory) => join(directory, name)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new Error(`there is no ${name}: run npm run check, which installs it, or pip install awscli boto3`);
}
