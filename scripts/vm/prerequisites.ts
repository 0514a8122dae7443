import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** What the machine needs, by the program that shows it is there. */
const packageOf: Readonly<Record<string, string>> = {
  "/usr/bin/qemu-system-x86_64": "qemu-system-x86",
  "/usr/share/seabios/bios-256k.bin": "seabios",
  "/usr/sbin/debootstrap": "debootstrap",
  "/usr/sbin/mkfs.ext4": "e2fsprogs",
};

/** Thrown when this computer cannot run the test; the message says what is missing and how to get it. */
export class PrerequisiteError extends Error {
  override readonly name = "PrerequisiteError";
}

/**
 * Makes sure that a virtual machine can be built and run here, installing Debian packages that are missing.
 * @throws {PrerequisiteError}
 */
export function ensurePrerequisites(): void {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new PrerequisiteError(`the machine test runs on Linux x64; this is ${process.platform} ${process.arch}`);
  }
  if (process.getuid?.() !== 0) {
    throw new PrerequisiteError(
      "building a Debian root needs root: run it as root, in a throw-away machine or container",
    );
  }
  const missing = Object.entries(packageOf)
    .filter(([file]) => !existsSync(file))
    .map(([, name]) => name);
  if (missing.length === 0) return;
  if (!existsSync("/usr/bin/apt-get")) {
    throw new PrerequisiteError(`missing ${missing.join(", ")}, and there is no apt-get to install them with`);
  }
  console.log(`installing ${missing.join(", ")}`);
  aptGet("update", "-qq");
  aptGet("install", "-qq", "--yes", "--no-install-recommends", ...missing);
}

function aptGet(...args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const result = spawnSync("apt-get", args, { stdio: ["ignore", 2, 2], env });
  if (result.status !== 0) throw new PrerequisiteError(`apt-get ${args.join(" ")} failed`);
}
