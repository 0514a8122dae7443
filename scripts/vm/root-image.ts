import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** A bootable Debian: the kernel and first file system are given to QEMU directly, so no boot loader is needed. */
export interface RootImage {
  root: string;
  kernel: string;
  initrd: string;
}

/** Everything the image is made from; its hash names the cached image. */
const recipe = {
  suite: "bookworm",
  packages: [
    "systemd-sysv",
    "udev",
    "dbus",
    "linux-image-cloud-amd64",
    "initramfs-tools",
    "iproute2",
    "kmod",
    "python3-minimal",
    "ca-certificates",
  ],
  inChroot: ["cloud-init"],
  sizeMib: 1536,
  files: {
    "etc/fstab": "LABEL=root / ext4 defaults 0 1\n",
    "etc/hostname": "kiln\n",
    // Empty, not absent: systemd makes one up at boot without treating that as a first boot that asks questions.
    "etc/machine-id": "",
    "etc/systemd/network/10-dhcp.network": "[Match]\nName=e*\n\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\n",
    // RebootInstances asks the operating system over ACPI, as QEMU's power button does.
    "etc/systemd/logind.conf.d/power.conf": "[Login]\nHandlePowerKey=reboot\n",
    // Only EC2's own source, so that a machine it does not recognise fails instead of waiting for others.
    "etc/cloud/cloud.cfg.d/90-kiln.cfg": "datasource_list: [Ec2]\nnetwork: {config: disabled}\n",
  },
} as const;

/** The cached image, built first when there is none: about 75 s and 350 MB of downloads. */
export function rootImage(): RootImage {
  const hash = createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 12);
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "kiln", "vm");
  const directory = join(cache, hash);
  if (!existsSync(directory)) {
    mkdirSync(cache, { recursive: true });
    const building = mkdtempSync(join(cache, "building-"));
    try {
      build(building);
      renameSync(building, directory);
    } finally {
      rmSync(building, { recursive: true, force: true });
    }
  }
  return {
    root: join(directory, "root.img"),
    kernel: join(directory, "vmlinuz"),
    initrd: join(directory, "initrd.img"),
  };
}

function build(directory: string): void {
  const tree = join(directory, "tree");
  const mirror = process.env["KILN_DEBIAN_MIRROR"];
  console.log(`building a Debian ${recipe.suite} root`);
  must("debootstrap", [
    "--variant=minbase",
    `--include=${recipe.packages.join(",")}`,
    recipe.suite,
    tree,
    ...(mirror ? [mirror] : []),
  ]);
  installInChroot(tree);
  for (const [path, text] of Object.entries(recipe.files)) {
    mkdirSync(join(tree, path, ".."), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  must("chroot", [tree, "systemctl", "enable", "systemd-networkd.service", "systemd-networkd-wait-online.service"]);

  const boot = readdirSync(join(tree, "boot"));
  for (const name of ["vmlinuz", "initrd.img"]) {
    const file = boot.find((entry) => entry.startsWith(`${name}-`));
    if (file === undefined) throw new Error(`the Debian root has no ${name}`);
    cpSync(join(tree, "boot", file), join(directory, name));
  }
  const image = join(directory, "root.img");
  must("mkfs.ext4", ["-q", "-L", "root", "-d", tree, image, `${recipe.sizeMib}M`]);
  rmSync(tree, { recursive: true });
}

function installInChroot(tree: string): void {
  // Without this file, a package may start its service in the chroot, on the computer the image is built on.
  const policy = join(tree, "usr/sbin/policy-rc.d");
  writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  cpSync("/etc/resolv.conf", join(tree, "etc/resolv.conf"), { dereference: true });
  must("chroot", [
    tree,
    "env",
    "DEBIAN_FRONTEND=noninteractive",
    "apt-get",
    "install",
    "-qq",
    "--yes",
    "--no-install-recommends",
    ...recipe.inChroot,
  ]);
  must("chroot", [tree, "apt-get", "clean"]);
  rmSync(policy);
  rmSync(join(tree, "etc/resolv.conf"));
}

function must(command: string, args: readonly string[]): void {
  const env = { ...process.env, LC_ALL: "C", PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` };
  const result = spawnSync(command, args, { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8", env });
  if (result.status === 0) return;
  const output = `${result.stdout ?? ""}${result.stderr ?? ""}`.split("\n").slice(-20).join("\n");
  throw new Error(`${command} failed: ${result.error?.message ?? output}`);
}
