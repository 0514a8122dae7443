/** One entry of an archive as its header says. */
export interface ArchiveEntry {
  path: string;
  kind: "file" | "directory" | "symlink" | "hardlink" | "other";
  /** Where a link points. */
  target: string | undefined;
  mode: number;
  /** Unit: bytes unpacked. */
  bytes: number;
}

/** What an archive may be at most; each limit has its reason. */
export const archiveLimits = {
  /** Unit: bytes. One Lambda reads the whole artifact: 4 GiB is about a minute at 75 MB/s. */
  bytes: 4 * 1024 ** 3,
  /** Unit: bytes. Must fit a root volume that boots in reasonable time. */
  unpackedBytes: 24 * 1024 ** 3,
  /** Unpacked per packed byte. gzip cannot pass 1032; real programs stay below 20, and text below 100. */
  ratio: 200,
  /** Ratio counts only above this many unpacked bytes, so that a small repetitive file passes. */
  ratioFromBytes: 64 * 1024 ** 2,
  /** Entries, the directories that their paths imply included. An npm tree has tens of thousands. */
  entries: 500_000,
  /** Unit: characters of a path; Linux's PATH_MAX is 4096. */
  pathLength: 1024,
  /** Unit: bytes of one name in a path; Linux's NAME_MAX. */
  nameBytes: 255,
  /** Directories in one another; the deepest npm trees have about forty. */
  depth: 100,
} as const;

/** Why an entry is refused by itself, or undefined when it is fine. */
export function refuseEntry(entry: ArchiveEntry): string | undefined {
  const linking = entry.kind === "symlink" || entry.kind === "hardlink";
  return refusePath(entry.path) ?? refuseKind(entry) ?? (linking ? refuseLink(entry, entry.target ?? "") : undefined);
}

function refusePath(path: string): string | undefined {
  if (path.length > archiveLimits.pathLength) return `its path is longer than ${archiveLimits.pathLength} characters`;
  if (path.startsWith("/")) return "its path is absolute";
  const segments = path.split("/");
  if (climbs(segments)) return "its path leaves the archive";
  if (segments.includes("..")) return 'its path contains ".."';
  if (hasControlCharacter(path)) return "its path contains a control character";
  if (segments.length > archiveLimits.depth) return `it lies more than ${archiveLimits.depth} directories deep`;
  if (segments.some((segment) => Buffer.byteLength(segment) > archiveLimits.nameBytes)) {
    return `a name in its path is longer than ${archiveLimits.nameBytes} bytes`;
  }
  return undefined;
}

function refuseKind(entry: ArchiveEntry): string | undefined {
  if (entry.kind === "other") return "it is a device, a pipe or another special file";
  if ((entry.mode & 0o6000) !== 0) return "it is setuid or setgid";
  // Programs disagree on whether content follows the header of a directory or link that claims some.
  if (entry.kind !== "file" && entry.bytes > 0) return `it is a ${entry.kind} that claims to have content`;
  return undefined;
}

function refuseLink(entry: ArchiveEntry, target: string): string | undefined {
  const out = `it links out of the archive (${shown(target)})`;
  const segments = target.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (target.startsWith("/")) return out;
  if (target === "" || hasControlCharacter(target)) return "its target is empty or contains a control character";
  if (target.length > archiveLimits.pathLength)
    return `its target is longer than ${archiveLimits.pathLength} characters`;
  const from = entry.kind === "symlink" ? normalised(entry.path).split("/").slice(0, -1) : [];
  if (climbs([...from, ...segments])) return out;
  // Going down first may lead through another link, and up from there to anywhere.
  const up = segments.lastIndexOf("..");
  if (up >= 0 && segments.slice(0, up).some((segment) => segment !== "..")) {
    return `it links to ${shown(target)}, which goes down and up again and could leave the archive through another link`;
  }
  return undefined;
}

/** Why the archive as a whole is refused after this many entries and bytes, or undefined. */
export function refuseTotals(totals: {
  packedBytes: number;
  unpackedBytes: number;
  entries: number;
}): string | undefined {
  if (totals.entries > archiveLimits.entries) return `it has more than ${archiveLimits.entries} entries`;
  if (totals.unpackedBytes > archiveLimits.unpackedBytes)
    return `it unpacks to more than ${archiveLimits.unpackedBytes} bytes`;
  const ratio = totals.unpackedBytes / Math.max(1, totals.packedBytes);
  if (totals.unpackedBytes > archiveLimits.ratioFromBytes && ratio > archiveLimits.ratio) {
    return `it unpacks to more than ${archiveLimits.ratio} times its size`;
  }
  return undefined;
}

/** Whether walking these segments from the top ever goes above it. */
function climbs(segments: readonly string[]): boolean {
  let depth = 0;
  for (const segment of segments) {
    if (segment === "" || segment === ".") continue;
    depth += segment === ".." ? -1 : 1;
    if (depth < 0) return true;
  }
  return false;
}

function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** `./a/b` and `a/b` are the same entry. */
export function normalised(path: string): string {
  return path
    .split("/")
    .filter((segment) => segment !== "" && segment !== ".")
    .join("/");
}

/** A path as a message shows it: quoted, on one line, not endless. */
export function shown(path: string): string {
  return JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path);
}

/** What a Procfile says: the start command, or why it cannot be used. */
export function readProcfile(text: string): { start: string } | { refused: string } {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const types = lines.map((line) => /^([A-Za-z0-9_-]+):\s*(.+)$/.exec(line));
  const broken = lines.find((_, index) => !types[index]);
  if (broken !== undefined) return { refused: `its line "${broken.slice(0, 80)}" is not "<type>: <command>"` };
  const other = types.find((match) => match?.[1] !== "web");
  if (other) {
    return {
      refused: `it has the process type "${other[1]}"; only web: runs, because work in the background would start before the release is validated`,
    };
  }
  const start = types[0]?.[2]?.trim();
  if (types.length > 1) return { refused: "it has more than one web: line" };
  return start ? { start } : { refused: "it has no web: line" };
}

/** ELF e_machine of the architectures EC2 runs. Source: System V ABI, ELF header. */
const elfMachines: Record<number, string> = { 62: "x86_64", 183: "arm64" };

/**
 * What a program is built for, by its first 20 bytes: an architecture of Linux, or another system, whose programs are
 * pushed by people who built on their own computer. Undefined when it is no program in machine code.
 */
export function platformOf(head: Uint8Array): string | undefined {
  const magic = Buffer.from(head.subarray(0, 4)).toString("hex");
  // Mach-O, 64 bit, as every Mac since 2006 writes it. Source: mach-o/loader.h, MH_MAGIC_64.
  if (magic === "cffaedfe") return "macOS";
  if (magic.startsWith("4d5a")) return "Windows";
  if (head.length < 20 || magic !== "7f454c46") return undefined;
  const machine = (head[18] ?? 0) | ((head[19] ?? 0) << 8);
  return elfMachines[machine] ?? `ELF machine ${machine}`;
}
