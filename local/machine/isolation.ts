import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { platform } from "node:os";
import { join } from "node:path";
import { enterRoot, mountOwnRoot, ownRootArguments, ownRootPlaces } from "./own-root.ts";
import { makeRoot } from "./root-tree.ts";

/** Nothing of the cloud's own environment reaches a machine; PATH is for unshare, bash, ip and setpriv. */
export const hostEnvironment = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };

/** How init is started in namespaces of its own: the words before its command. */
export interface Isolation {
  command(address: string, hostname: string, ownRoot?: OwnRoot): string[];
}

/** What a machine's programs are to see as "/", and where init's socket is. */
interface OwnRoot {
  root: string;
  run: string;
}

/**
 * Linux namespaces through `unshare`: an own network with only loopback, own processes, own host name. As an ordinary
 * user that needs a user namespace too, which some systems refuse. It is found out by trying.
 * Returns undefined where it does not work.
 */
export function findIsolation(): Isolation | undefined {
  if (platform() !== "linux") return undefined;
  const asUser = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  const isolation: Isolation = {
    command: (address, hostname, ownRoot) => unshare(asUser, address, hostname, ownRoot),
  };
  return works([...isolation.command("172.31.0.4", "ip-172-31-0-4"), "true"]) ? isolation : undefined;
}

function works([file = "", ...args]: readonly string[]): boolean {
  const tried = spawnSync(file, args, { env: hostEnvironment, timeout: 10_000, stdio: ["pipe", "ignore", "ignore"] });
  return tried.status === 0;
}

/**
 * Whether programs of machines can see their machine's directory as "/" here. It is found out by trying.
 * @param directory Where machines will have their directories: it may be on a file system of its own.
 */
export async function findOwnRoot(isolation: Isolation, directory: string): Promise<boolean> {
  const run = mkdtempSync(join(directory, "trial-"));
  try {
    const root = join(run, "root");
    await makeRoot({ root, commands: ["sh"], disks: [], socket: join(run, "init.sock"), hasOwnRoot: true });
    const command = ["/usr/bin/sh", "-c", `exec ${ownRootPlaces.node} --version`];
    return works([
      ...isolation.command("172.31.0.4", "ip-172-31-0-4", { root, run }),
      ...enterRoot(root, "/"),
      ...command,
    ]);
  } finally {
    rmSync(run, { recursive: true, force: true });
  }
}

/** bash stays the first process, because that one must reap orphans; the machine's address is one of its loopback's. */
const setUp = `${mountOwnRoot}
ip link set lo up && ip addr add "$1/32" dev lo && echo "$2" >/proc/sys/kernel/hostname || exit 97
root=$3 run=$4
[ -z "$root" ] || own_root "$5" "$6" || exit 97
shift 6; "$@" <&0 & wait $!`;

function unshare(asUser: string[], address: string, hostname: string, ownRoot: OwnRoot | undefined): string[] {
  const namespaces = ["--net", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc"];
  const place = [ownRoot?.root ?? "", ownRoot?.run ?? "", ...ownRootArguments];
  return ["unshare", ...asUser, ...namespaces, "--", "bash", "-c", setUp, "init", address, hostname, ...place];
}

/** Where `setpriv` is, when the host has it: it can end a program when the one that started it ends. */
export function findDeathSignalCommand(): string | undefined {
  if (platform() !== "linux") return undefined;
  const command = "setpriv";
  return works([command, "--pdeathsig", "KILL", "true"]) ? command : undefined;
}
