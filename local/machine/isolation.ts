import { spawnSync } from "node:child_process";
import { platform } from "node:os";

/** Nothing of the cloud's own environment reaches a machine; PATH is for unshare, bash, ip and setpriv. */
export const hostEnvironment = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };

/** How init is started in namespaces of its own: the words before its command. */
export interface Isolation {
  command(address: string, hostname: string): string[];
}

/**
 * Linux namespaces through `unshare`: an own network with only loopback, own processes, own host name. As an ordinary
 * user that needs a user namespace too, which some systems refuse. It is found out by trying.
 * Returns undefined where it does not work.
 */
export function findIsolation(): Isolation | undefined {
  if (platform() !== "linux") return undefined;
  const asUser = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  const isolation: Isolation = { command: (address, hostname) => unshare(asUser, address, hostname) };
  return works([...isolation.command("172.31.0.4", "ip-172-31-0-4"), "true"]) ? isolation : undefined;
}

function works([file = "", ...args]: readonly string[]): boolean {
  const tried = spawnSync(file, args, { env: hostEnvironment, timeout: 10_000, stdio: ["pipe", "ignore", "ignore"] });
  return tried.status === 0;
}

/** bash stays the first process, because that one must reap orphans; the machine's address is one of its loopback's. */
const setUp =
  'ip link set lo up && ip addr add "$1/32" dev lo && echo "$2" >/proc/sys/kernel/hostname || exit 97; shift 2; "$@" <&0 & wait $!';

function unshare(asUser: string[], address: string, hostname: string): string[] {
  const namespaces = ["--net", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc"];
  return ["unshare", ...asUser, ...namespaces, "--", "bash", "-c", setUp, "init", address, hostname];
}

/** Where `setpriv` is, when the host has it: it can end a program when the one that started it ends. */
export function findDeathSignalCommand(): string | undefined {
  if (platform() !== "linux") return undefined;
  const command = "setpriv";
  return works([command, "--pdeathsig", "KILL", "true"]) ? command : undefined;
}
