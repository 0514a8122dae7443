import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import type { Source } from "../shared/domain/provenance.ts";

const run = promisify(execFile);

/** Unit: milliseconds. A status of a very large tree takes seconds; a push does not wait longer for its record. */
const patienceMs = 10_000;

/**
 * The commit that is checked out where a file or directory lies; undefined outside a checkout, without git, and before the
 * first commit. An archive is taken to be built from what is checked out; whether anything was changed since is said too.
 */
export async function gitSource(path: string): Promise<Source | undefined> {
  const whole = resolve(path);
  const directory = (await stat(whole)).isDirectory() ? whole : dirname(whole);
  const commit = await git(directory, "rev-parse", "--verify", "HEAD^{commit}");
  if (commit === undefined) return undefined;
  const [repository, changes] = await Promise.all([
    git(directory, "remote", "get-url", "origin"),
    git(directory, "status", "--porcelain", "--untracked-files=no"),
  ]);
  return { commit, ...(repository && { repository }), ...(changes !== "" && { dirty: true }) };
}

/** What git answers; undefined when it is not there or says no. */
async function git(directory: string, ...words: string[]): Promise<string | undefined> {
  try {
    const env = { ...process.env, GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0" };
    const { stdout } = await run("git", ["-C", directory, ...words], { env, timeout: patienceMs });
    return stdout.trim();
  } catch {
    return undefined;
  }
}
