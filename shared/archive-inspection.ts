import { createHash } from "node:crypto";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { type ArchiveEntry, elfArchitecture, refuseEntry, refuseTotals } from "./domain/archive-rules.ts";
import { snapshotBlockBytes as blockBytes } from "./domain/snapshot-blocks.ts";
import { ArtifactRefusedError } from "./errors.ts";

/** What one reading of an archive found. */
export interface Inspection {
  /** Unit: bytes as pushed, and unpacked. */
  bytes: number;
  unpackedBytes: number;
  /** Hex SHA-256 of the archive. */
  sha256: string;
  /** SHA-256 of each 512 KiB block, the last padded with zeros; 32 raw bytes each. */
  blockDigests: Uint8Array;
  /** Text of the Procfile at the top, if there is one. */
  procfile: string | undefined;
  /** Architecture of each ELF program, by path. */
  programs: Map<string, string>;
}

/** Unit: bytes of a Procfile that are read; more is no Procfile. */
const procfileLimit = 16_384;
/** Programs whose architecture is remembered; the start command's is among the first in any sane archive. */
const programLimit = 5_000;

/**
 * Reads a .tar.gz once, as a stream with bounded memory: digests, and every rule that keeps a poisoned archive out.
 * @param name For messages: the key it was pushed under.
 * @throws {ArtifactRefusedError} naming the entry and the reason.
 */
export async function inspectArchive(source: AsyncIterable<Uint8Array>, name: string): Promise<Inspection> {
  const digester = new BlockDigester();
  const totals = { packedBytes: 0, unpackedBytes: 0, entries: 0 };
  const found: Pick<Inspection, "procfile" | "programs"> = { procfile: undefined, programs: new Map() };
  const meter = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      totals.packedBytes += chunk.length;
      digester.add(chunk);
      done(null, chunk);
    },
  });
  const tar = extract();
  try {
    await Promise.all([
      pipeline(Readable.from(source, { objectMode: false }), meter, createGunzip(), tar),
      readEntries(tar, name, totals, found),
    ]);
  } catch (error) {
    if (error instanceof ArtifactRefusedError) throw error;
    const code = (error as { code?: string }).code ?? "";
    if (code.startsWith("Z_") || /tar|header|Unexpected end|checksum/i.test((error as Error).message)) {
      throw refused(name, `it is no complete .tar.gz archive (${(error as Error).message})`);
    }
    throw error;
  }
  if (totals.entries === 0) throw refused(name, "it is empty");
  return { ...digester.finish(), bytes: totals.packedBytes, unpackedBytes: totals.unpackedBytes, ...found };
}

async function readEntries(
  tar: ReturnType<typeof extract>,
  name: string,
  totals: { packedBytes: number; unpackedBytes: number; entries: number },
  found: Pick<Inspection, "procfile" | "programs">,
): Promise<void> {
  for await (const entry of tar) {
    const described = describe(entry.header);
    totals.entries += 1;
    const reason = refuseEntry(described) ?? refuseTotals(totals);
    if (reason) throw refused(name, `entry "${described.path}": ${reason}`);
    let head: Uint8Array = new Uint8Array();
    const procfile: Uint8Array[] = [];
    const isProcfile =
      described.kind === "file" && normalised(described.path) === "Procfile" && described.bytes <= procfileLimit;
    for await (const chunk of entry as AsyncIterable<Uint8Array>) {
      totals.unpackedBytes += chunk.length;
      const tooMuch = refuseTotals(totals);
      if (tooMuch) throw refused(name, `entry "${described.path}": ${tooMuch}`);
      if (head.length < 20) head = Buffer.concat([head, chunk.subarray(0, 20)]);
      if (isProcfile) procfile.push(chunk);
    }
    if (isProcfile) found.procfile = Buffer.concat(procfile).toString("utf8");
    const architecture = elfArchitecture(head);
    if (architecture && found.programs.size < programLimit)
      found.programs.set(normalised(described.path), architecture);
  }
}

function describe(header: Header): ArchiveEntry {
  const kinds: Record<string, ArchiveEntry["kind"]> = {
    file: "file",
    "contiguous-file": "file",
    directory: "directory",
    symlink: "symlink",
    link: "hardlink",
  };
  return {
    path: header.name,
    kind: kinds[header.type ?? "file"] ?? "other",
    target: header.linkname ?? undefined,
    mode: header.mode ?? 0,
    bytes: header.size ?? 0,
  };
}

/** `./a/b` and `a/b` are the same entry. */
export function normalised(path: string): string {
  return path
    .split("/")
    .filter((segment) => segment !== "" && segment !== ".")
    .join("/");
}

function refused(name: string, reason: string): ArtifactRefusedError {
  return new ArtifactRefusedError(
    `${name} is refused: ${reason}.`,
    "Build the archive again without it and push that.",
  );
}

/** SHA-256 of a stream and of each of its blocks, in one pass and with one block of memory. */
class BlockDigester {
  readonly #whole = createHash("sha256");
  readonly #digests: Uint8Array[] = [];
  #block = createHash("sha256");
  #filled = 0;

  add(chunk: Uint8Array): void {
    this.#whole.update(chunk);
    let rest = chunk;
    while (rest.length > 0) {
      const taken = rest.subarray(0, blockBytes - this.#filled);
      this.#block.update(taken);
      this.#filled += taken.length;
      rest = rest.subarray(taken.length);
      if (this.#filled === blockBytes) this.#seal();
    }
  }

  finish(): { sha256: string; blockDigests: Uint8Array } {
    if (this.#filled > 0) {
      this.#block.update(new Uint8Array(blockBytes - this.#filled));
      this.#seal();
    }
    return { sha256: this.#whole.digest("hex"), blockDigests: Buffer.concat(this.#digests) };
  }

  #seal(): void {
    this.#digests.push(this.#block.digest());
    this.#block = createHash("sha256");
    this.#filled = 0;
  }
}
