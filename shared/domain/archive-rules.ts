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
  /** Unit: entries. An npm tree has tens of thousands. */
  entries: 500_000,
  /** Unit: characters of a path; Linux's PATH_MAX is 4096. */
  pathLength: 1024,
} as const;

/** Why an entry is refused, or undefined when it is fine. */
export function refuseEntry(entry: ArchiveEntry): string | undefined {
  if (entry.path.length > archiveLimits.pathLength)
    return `its path is longer than ${archiveLimits.pathLength} characters`;
  if (entry.path.startsWith("/")) return "its path is absolute";
  if (climbs("", entry.path)) return "its path leaves the archive";
  if (entry.kind === "other") return "it is a device or another special file";
  if ((entry.mode & 0o6000) !== 0) return "it is setuid or setgid";
  if (entry.kind === "symlink" && leaves(entry.path, entry.target ?? ""))
    return `it links out of the archive (${entry.target})`;
  if (entry.kind === "hardlink" && climbs("", entry.target ?? ""))
    return `it links out of the archive (${entry.target})`;
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

function leaves(path: string, target: string): boolean {
  if (target.startsWith("/")) return true;
  return climbs(path.split("/").slice(0, -1).join("/"), target);
}

/** Whether walking `path` from `from` ever goes above the top. */
function climbs(from: string, path: string): boolean {
  let depth = 0;
  for (const segment of `${from}/${path}`.split("/")) {
    if (segment === "" || segment === ".") continue;
    depth += segment === ".." ? -1 : 1;
    if (depth < 0) return true;
  }
  return false;
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

/** Architecture of a program by its first 20 bytes; undefined when it is no ELF file. */
export function elfArchitecture(head: Uint8Array): string | undefined {
  if (head.length < 20 || head[0] !== 0x7f || head[1] !== 0x45 || head[2] !== 0x4c || head[3] !== 0x46)
    return undefined;
  const machine = (head[18] ?? 0) | ((head[19] ?? 0) << 8);
  return elfMachines[machine] ?? `ELF machine ${machine}`;
}
