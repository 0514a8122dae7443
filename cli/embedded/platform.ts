import { CommandFailure, nothingDone } from "../failure.ts";

/**
 * What the embedded cloud cannot do on a system, as a sentence; undefined on Linux, which is the reference.
 * The cloud itself is Node and answers everywhere. Instances run programs built for the base image's system, which is
 * Linux, and are kept apart by Linux's namespaces.
 */
export function platformLimit(platform: NodeJS.Platform = process.platform): string | undefined {
  if (platform === "linux") return undefined;
  const system = platform === "darwin" ? "macOS" : platform;
  return `on ${system} instances cannot run Linux programs, such as the Node layer, and share the host's network`;
}

/** @throws {CommandFailure} where the demonstration cannot work: its program and its layer are Linux's. */
export function requireLinux(platform: NodeJS.Platform = process.platform): void {
  const limit = platformLimit(platform);
  if (limit === undefined) return;
  throw new CommandFailure({
    name: "UnsupportedSystem",
    what: `The demonstration needs Linux: ${limit}.`,
    left: nothingDone,
    fix: "Run it on Linux, in a virtual machine or a container; npm run kiln -- up starts the cloud alone here.",
  });
}
