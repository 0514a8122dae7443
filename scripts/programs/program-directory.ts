import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");
const programs = join(root, "examples", "programs");

/** Names of the programs that nobody here wrote. */
export function programNames(): string[] {
  return readdirSync(programs, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/**
 * A directory with one of the programs as it is pushed: what is in `examples/programs`, and the exact packages that its
 * lockfile pins, installed by npm, which checks their integrity. Installed once for each lockfile and kept; only the first
 * time needs the network. No package's own scripts run.
 * @throws {Error} when npm cannot install them.
 */
export function programDirectory(name: string, cacheDirectory: string): string {
  const source = join(programs, name);
  const lockfile = join(source, "package-lock.json");
  const digest = createHash("sha256").update(existsSync(lockfile) ? readFileSync(lockfile) : "");
  for (const file of filesBelow(source)) digest.update(`\0${file}\0`).update(readFileSync(join(source, file)));
  const directory = join(cacheDirectory, "programs", `${name}-${digest.digest("hex").slice(0, 16)}`);
  if (existsSync(directory)) return directory;

  const unfinished = `${directory}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  cpSync(source, unfinished, { recursive: true });
  if (existsSync(lockfile)) install(name, unfinished);
  renameSync(unfinished, directory);
  return directory;
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

function install(name: string, directory: string): void {
  const npm = process.env["npm_execpath"];
  const [command, prefix] = npm === undefined ? ["npm", []] : [process.execPath, [npm]];
  const args = [...prefix, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
  const { status, stderr, error } = spawnSync(command, args, { cwd: directory, encoding: "utf8" });
  if (status === 0) return;
  rmSync(directory, { recursive: true, force: true });
  throw new Error(`npm could not install the packages of ${name}: ${error?.message ?? stderr.trim()}`);
}
