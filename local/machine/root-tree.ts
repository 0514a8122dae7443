import { accessSync, constants, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { chmod, link, symlink } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The directories every machine has. */
const directories = [
  "dev",
  "etc/systemd/system",
  "opt",
  "root",
  "run",
  "tmp",
  "usr/bin",
  "usr/local/bin",
  "var/lib",
  "var/log",
];

/** Commands that would change the host; each machine has its own instead, which change only the machine. */
const standIns: Readonly<Record<string, URL>> = {
  blockdev: new URL("stand-ins/blockdev.ts", import.meta.url),
  systemctl: new URL("stand-ins/systemctl.ts", import.meta.url),
};

/** Makes the file system of a machine, or what is missing of it. */
export async function makeRoot(
  root: string,
  commands: readonly string[],
  disks: readonly { name: string; file: string }[],
  socket: string,
): Promise<void> {
  for (const directory of directories) mkdirSync(join(root, directory), { recursive: true });
  if (!existsSync(join(root, "bin"))) symlinkSync("usr/bin", join(root, "bin"));
  for (const command of commands) linkCommand(root, command);
  for (const [command, script] of Object.entries(standIns)) writeStandIn(root, command, script, socket);
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

function linkCommand(root: string, command: string): void {
  const at = join(root, "usr/bin", command);
  const file = findCommand(command);
  if (file !== undefined && !existsSync(at)) symlinkSync(file, at);
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

function writeStandIn(root: string, command: string, script: URL, socket: string): void {
  const words = [process.execPath, fileURLToPath(script)].map(shellQuoted).join(" ");
  const text = `#!/bin/sh\nKILN_MACHINE_SOCKET=${shellQuoted(socket)} exec ${words} "$@"\n`;
  writeFileSync(join(root, "usr/bin", command), text, { mode: 0o755 });
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
