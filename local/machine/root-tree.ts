import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { chmod, link, symlink } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { makeOwnRoot, ownRootPlaces } from "./own-root.ts";

/** The directories every machine has. */
const directories = [
  "dev",
  "etc/systemd/system",
  "home",
  "mnt",
  "opt",
  "root",
  "run",
  "srv",
  "tmp",
  "usr/bin",
  "usr/local/bin",
  "usr/local/lib",
  "usr/local/share",
  "var/cache",
  "var/lib",
  "var/log",
  "var/opt",
  "var/spool",
  "var/tmp",
];

/** Commands that would change the host; each machine has its own instead, which change only the machine. */
const standIns: Readonly<Record<string, URL>> = {
  blockdev: new URL("stand-ins/blockdev.ts", import.meta.url),
  systemctl: new URL("stand-ins/systemctl.ts", import.meta.url),
};

/** What the file system of a machine is made of. */
export interface RootTree {
  /** Directory that stands for the machine's "/". */
  root: string;
  /** Commands that its base ships. */
  commands: readonly string[];
  disks: readonly { name: string; file: string }[];
  /** Init's socket, for the machine's systemctl. */
  socket: string;
  /** Whether programs of the machine see the directory as "/"; else links lead to where things are on the host. */
  hasOwnRoot: boolean;
}

/** Makes the file system of a machine, or what is missing of it. */
export async function makeRoot({ root, commands, disks, socket, hasOwnRoot }: RootTree): Promise<void> {
  for (const directory of directories) mkdirSync(join(root, directory), { recursive: true });
  if (hasOwnRoot) makeOwnRoot(root);
  else if (!existsSync(join(root, "bin"))) symlinkSync("usr/bin", join(root, "bin"));
  for (const command of commands) linkCommand(root, command, hasOwnRoot);
  for (const [command, script] of Object.entries(standIns)) {
    const words = hasOwnRoot
      ? [ownRootPlaces.socket(socket), ownRootPlaces.node, ownRootPlaces.script(script)]
      : [socket, process.execPath, fileURLToPath(script)];
    writeStandIn(join(root, "usr/bin", command), words);
  }
  for (const disk of disks) {
    const device = join(root, "dev", disk.name);
    rmSync(device, { force: true });
    await attach(disk.file, device);
    // Read-only is a state of the running kernel, which a boot forgets.
    await chmod(device, 0o644);
  }
}

/** The volume's own bytes under the device's name: a plain file to whoever reads it, where both are on one file system. */
async function attach(volume: string, device: string): Promise<void> {
  try {
    await link(volume, device);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    await symlink(resolve(volume), device);
  }
}

/** A kept root may have links of a cloud that ran its machines in another way. */
function linkCommand(root: string, command: string, hasOwnRoot: boolean): void {
  const at = join(root, "usr/bin", command);
  const file = findCommand(command);
  const target = hasOwnRoot && file !== undefined ? ownRootPlaces.command(file) : file;
  if (target === undefined || linkTarget(at) === target) return;
  rmSync(at, { force: true });
  symlinkSync(target, at);
}

/** Undefined where there is nothing yet, or something that is no link. */
function linkTarget(at: string): string | undefined {
  return lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(at) : undefined;
}

/** A command of this host; its own directories come before the caller's PATH, where version managers put wrappers. */
function findCommand(command: string): string | undefined {
  const places = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", ...(process.env["PATH"] ?? "").split(delimiter)];
  return places.map((place) => join(place, command)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Commands of a base that this host does not have, for telling whoever watches. */
export function missingCommands(commands: readonly string[]): string[] {
  return commands.filter((command) => findCommand(command) === undefined);
}

function writeStandIn(file: string, [socket = "", ...program]: readonly string[]): void {
  const text = `#!/bin/sh\nKILN_MACHINE_SOCKET=${shellQuoted(socket)} exec ${program.map(shellQuoted).join(" ")} "$@"\n`;
  writeFileSync(file, text, { mode: 0o755 });
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
