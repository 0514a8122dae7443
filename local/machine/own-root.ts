import { existsSync, mkdirSync, realpathSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Lets the programs of a machine see its directory as "/", by mounts in a namespace of its own and chroot: what was put
 * into /opt is there, and nothing they write reaches the host's files. Libraries and the commands of the base are the
 * host's, read-only. What only the host has is out of sight, below /.host.
 */

/** Where a machine has what it shares with its host. */
export const shared = ".host";

/** The host's libraries and data at their usual places. A host that lacks one of them needs it nowhere. */
const libraries = ["lib", "lib32", "lib64", "libexec", "share"];

/** What the C library, TLS and the commands behind alternatives read in /etc. */
const settings = ["alternatives", "ca-certificates", "crypto-policies", "ld.so.cache", "localtime", "pki", "ssl"];

const devices = ["full", "null", "random", "tty", "urandom", "zero"];

/** Enough for programs that ask who they are. A unit's users have no effect here: every program is the machine's root. */
const files: Readonly<Record<string, string>> = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
  "etc/group": "root:x:0:\nnogroup:x:65534:\n",
  "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
  "etc/hosts": "127.0.0.1 localhost\n",
  // What stands beside this file runs on the machine too, and is read as modules.
  [`${shared}/package.json`]: '{ "type": "module" }\n',
};

/** Where things of the host are to programs of a machine. */
export const ownRootPlaces = {
  node: `/${shared}/node`,
  script: (script: URL) => `/${shared}/machine/stand-ins/${basename(fileURLToPath(script))}`,
  socket: (socket: string) => `/${shared}/run/${basename(socket)}`,
  /** A command below the host's /usr, which is all that a machine sees of its commands. */
  command: (file: string) => {
    const real = realpathSync(file);
    return real.startsWith("/usr/") ? `/${shared}${real}` : undefined;
  },
} as const;

/**
 * Shell commands for whoever is in the machine's namespaces and sees the host's files. They want the root in `$root`, and in
 * `$run` the directory of init's socket. A disk on another file system is a link, which would lead nowhere.
 */
export const mountOwnRoot = `
share() { # of the host, at
  [ ! -e "$1" ] || { mount --rbind "$1" "$2" && mount -o remount,bind,ro "$2"; }
}
own_root() {
  share /usr "$root/${shared}/usr" && share "$1" "$root/${shared}/node" && share "$2" "$root/${shared}/machine" || return
  mount --bind "$run" "$root/${shared}/run" || return
  mount --rbind /proc "$root/proc" && mount --rbind /sys "$root/sys" || return
  mount -t tmpfs -o mode=1777 shm "$root/dev/shm" || return
  for name in ${libraries.join(" ")}; do share "/usr/$name" "$root/usr/$name" || return; done
  for name in ${settings.join(" ")}; do share "/etc/$name" "$root/${shared}/etc/$name" || return; done
  for name in ${devices.join(" ")}; do mount --bind "/dev/$name" "$root/dev/$name" || return; done
  for disk in "$root"/dev/nvme* "$root"/dev/xvd* "$root"/dev/sd*; do
    [ -L "$disk" ] || continue
    volume=$(readlink "$disk") && rm "$disk" && : >"$disk" && mount --bind "$volume" "$disk" || return
  done
}
`;

/** Arguments of `own_root`: what is shared beside the host's directories. */
export const ownRootArguments = [process.execPath, fileURLToPath(new URL(".", import.meta.url))];

/** The words before a command that is to see `root` as "/" and to begin in a directory of it. Source: unshare(1). */
export function enterRoot(root: string, directory: string): string[] {
  return ["/usr/bin/unshare", `--root=${root}`, `--wd=${directory}`, "--"];
}

/** Makes the places that the mounts need, and the files that are the machine's own. */
export function makeOwnRoot(root: string): void {
  for (const name of libraries) mkdirSync(join(root, "usr", name), { recursive: true });
  for (const name of ["bin", "sbin", ...libraries.filter((one) => one.startsWith("lib") && one !== "libexec")]) {
    link(name === "sbin" ? "usr/bin" : `usr/${name}`, join(root, name));
  }
  link("bin", join(root, "usr/sbin"));
  for (const name of ["usr", "run", "machine", "etc"]) mkdirSync(join(root, shared, name), { recursive: true });
  for (const name of ["proc", "sys", "dev/shm"]) mkdirSync(join(root, name), { recursive: true });
  for (const name of settings) makeSetting(root, name);
  for (const name of [`${shared}/node`, ...devices.map((device) => `dev/${device}`)]) write(join(root, name), "");
  for (const [name, text] of Object.entries(files)) write(join(root, name), text);
  const streams = { fd: "fd", stdin: "fd/0", stdout: "fd/1", stderr: "fd/2" };
  for (const [name, target] of Object.entries(streams)) link(`/proc/self/${target}`, join(root, "dev", name));
}

/** A setting of the host's is a link to where it is mounted; one that the host lacks, or that the machine has, is not. */
function makeSetting(root: string, name: string): void {
  const onHost = join("/etc", name);
  if (!existsSync(onHost)) return;
  const place = join(root, shared, "etc", name);
  if (statSync(onHost).isDirectory()) mkdirSync(place, { recursive: true });
  else write(place, "");
  link(`/${shared}/etc/${name}`, join(root, "etc", name));
}

function link(target: string, at: string): void {
  present(() => symlinkSync(target, at));
}

/** What a machine has made of its own file stays. */
function write(file: string, text: string): void {
  present(() => writeFileSync(file, text, { flag: "wx" }));
}

function present(make: () => void): void {
  try {
    make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
