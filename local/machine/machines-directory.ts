import { createHash } from "node:crypto";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";

/**
 * Where the machines of a cloud live: a directory of its own that nothing of the host stands above. Programs look for
 * modules and settings in every directory above their own, and on a server there would be none: below a checkout they
 * would find that checkout's `package.json` and `node_modules`.
 * @param stateDirectory Of the cloud; the same one always gives the same directory.
 * @throws {Error} when the directory belongs to another user.
 */
export function machinesDirectory(stateDirectory: string): string {
  const { uid } = userInfo();
  const digest = createHash("sha256").update(resolve(stateDirectory)).digest("hex").slice(0, 16);
  // /var/tmp outlives a restart of the host, as a server's disk does.
  const directory = join(existsSync("/var/tmp") ? "/var/tmp" : tmpdir(), `kiln-${uid}-${digest}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const owner = statSync(directory).uid;
  if (owner === uid || uid < 0) return directory;
  throw new Error(`${directory} belongs to user ${owner}; delete it, or keep the cloud's state in another directory`);
}
