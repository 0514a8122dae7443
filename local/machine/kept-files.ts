import { constants, existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { shared } from "./own-root.ts";

/** What belongs to one boot or one instance and not to the disk: devices, what runs, what cloud-init did for the instance. */
const notKept = [shared, "dev", "run", "tmp", join("var", "lib", "cloud", "instance")];

/** Unit files name the machine's "/" by where it is on the host; kept, they have this in its place. */
const rootMark = "@root@";

const units = join("etc", "systemd", "system");

/** Copies the files of a machine's root disk, for disks that will begin with them. A machine that never booted has none. */
export async function keepRoot(root: string, kept: string): Promise<void> {
  const partial = `${kept}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  if (existsSync(root)) {
    const isKept = (path: string) => !notKept.some((left) => isWithin(relative(root, path), left));
    await copyTree(root, partial, isKept);
    await rewriteUnits(partial, root, rootMark);
  }
  await rename(partial, kept);
}

/** Gives a new machine the files its root disk begins with. @throws {Error} when they are gone. */
export async function restoreRoot(kept: string, root: string): Promise<void> {
  if (existsSync(root)) return;
  const partial = `${root}.partial`;
  await rm(partial, { recursive: true, force: true });
  await copyTree(kept, partial, () => true);
  await rewriteUnits(partial, rootMark, root);
  await rename(partial, root);
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory + sep);
}

async function copyTree(from: string, to: string, filter: (path: string) => boolean): Promise<void> {
  await cp(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
    // Shares the bytes until one side is changed, where the file system can.
    mode: constants.COPYFILE_FICLONE,
    filter,
  });
}

async function rewriteUnits(root: string, from: string, to: string): Promise<void> {
  const directory = join(root, units);
  if (!existsSync(directory)) return;
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(directory, entry.name);
    await writeFile(file, (await readFile(file, "utf8")).replaceAll(from, to));
  }
}
