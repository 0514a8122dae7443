import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { ByteReader } from "./byte-reader.ts";
import { refuseFormat } from "./domain/archive-format.ts";
import { type ArchiveEntry, normalised, platformOf, refuseEntry, refuseTotals, shown } from "./domain/archive-rules.ts";
import { ArchiveTree } from "./domain/archive-tree.ts";
import type { Inventory } from "./domain/inventory/inventory.ts";
import { snapshotBlockBytes as blockBytes } from "./domain/snapshot-blocks.ts";
import { TarProblem } from "./domain/tar-header.ts";
import { ArtifactRefusedError } from "./errors.ts";
import { ManifestReading } from "./manifest-reading.ts";
import { readTar, type TarEntry } from "./tar-reader.ts";

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
  /** Path of a Procfile further down: who packed a directory instead of what is in it has one there. */
  procfileBelow: string | undefined;
  /** What each program in machine code is built for, by path. */
  programs: Map<string, string>;
  /** The packages that its manifests name. */
  inventory: Inventory;
}

/** Unit: bytes of a Procfile that are read; more is no Procfile. */
const procfileLimit = 16_384;
/** Programs whose platform is remembered; no sane artifact has more. */
const programLimit = 5_000;
/** Unit: bytes at the beginning of a file that tell its format. */
const headBytes = 512;

export interface InspectionOptions {
  /** For messages: the key it was pushed under. */
  name: string;
  /** Whether paths that differ in upper and lower case alone are refused. */
  caseCollisions: "refuse" | "accept";
  /** What it means when the tar inside is damaged; left out, just that. */
  unsound?: string;
}

type Found = Pick<Inspection, "procfile" | "procfileBelow" | "programs" | "unpackedBytes">;

/**
 * Reads a .tar.gz once, as a stream with bounded memory: digests, and every rule that keeps a poisoned archive out.
 * @throws {ArtifactRefusedError} naming the entry and the reason.
 */
export async function inspectArchive(
  source: AsyncIterable<Uint8Array>,
  options: InspectionOptions,
): Promise<Inspection> {
  const packed = new PackedBytes(source);
  try {
    return await inspect(packed, options);
  } finally {
    await packed.close();
  }
}

async function inspect(packed: PackedBytes, options: InspectionOptions): Promise<Inspection> {
  const head = await packed.head();
  const wrongFormat = refuseFormat(head, "tar.gz");
  if (wrongFormat) throw refused(options.name, wrongFormat);
  const gunzip = createGunzip({ chunkSize: 64 * 1024 });
  let found: (Found & Pick<Inspection, "inventory">) | undefined;
  try {
    await pipeline(Readable.from(packed.all(), { objectMode: false }), gunzip, async (unpacked) => {
      found = await readEntries(unpacked as AsyncIterable<Uint8Array>, packed, options);
    });
  } catch (error) {
    throw refusalOf(error, options);
  }
  const after = packed.bytes - gunzip.bytesWritten;
  if (after > 0) throw refused(options.name, `${after} bytes follow its end`);
  if (!found) throw new Error("the archive was not read");
  return { ...packed.digests(), bytes: packed.bytes, ...found };
}

/** An error of reading an archive, in words; one of reading the stream, unchanged. */
function refusalOf(error: unknown, { name, unsound }: InspectionOptions): unknown {
  if (!(error instanceof Error) || error instanceof ArtifactRefusedError) return error;
  const code = (error as { code?: string }).code ?? "";
  if (code === "Z_BUF_ERROR") return refused(name, "it was cut short: the compressed data ends too early");
  if (code.startsWith("Z_")) return refused(name, `its compressed data is damaged (${error.message})`);
  if (!(error instanceof TarProblem)) return error;
  return refused(name, unsound ?? `what is inside the gzip is no sound tar archive: ${error.message}`);
}

async function readEntries(
  unpacked: AsyncIterable<Uint8Array>,
  packed: PackedBytes,
  { name, caseCollisions }: InspectionOptions,
): Promise<Found & Pick<Inspection, "inventory">> {
  const bytes = new ByteReader(unpacked);
  const tree = new ArchiveTree({ caseCollisions });
  const found: Found = { procfile: undefined, procfileBelow: undefined, programs: new Map(), unpackedBytes: 0 };
  const manifests = new ManifestReading();
  let entries = 0;
  // Headers count too: a million empty files are a bomb without any content.
  const refuseSize = () =>
    refuseTotals({ packedBytes: packed.bytes, unpackedBytes: bytes.consumed, entries: Math.max(entries, tree.size) });
  for await (const entry of readTar(bytes)) {
    entries += 1;
    const described = describe(entry);
    const path = normalised(described.path);
    const at = `entry ${shown(described.path)}`;
    const reason = refuseEntry(described) ?? tree.add(described) ?? refuseSize();
    if (reason) throw refused(name, `${at}: ${reason}`);
    const kept: Uint8Array[] = [];
    const wanted = described.kind === "file" ? manifests.wants(path, entry.bytes) : 0;
    let keep = path === "Procfile" && entry.bytes <= procfileLimit ? procfileLimit : Math.max(20, wanted);
    for await (const chunk of entry.content) {
      const tooMuch = refuseSize();
      if (tooMuch) throw refused(name, `${at}: ${tooMuch}`);
      if (keep > 0) kept.push(chunk.subarray(0, keep));
      keep -= chunk.length;
    }
    if (described.kind === "file") found.unpackedBytes += entry.bytes;
    const start = Buffer.concat(kept);
    remember(found, described, path, start);
    if (described.kind === "file")
      manifests.file(path, wanted > 0 ? start : undefined, platformOf(start) !== undefined);
  }
  const tooMuch = refuseSize();
  if (tooMuch) throw refused(name, tooMuch);
  if (entries === 0) throw refused(name, "it is empty: the archive has no entries");
  return { ...found, inventory: manifests.finish() };
}

function remember(found: Found, { kind, bytes }: ArchiveEntry, path: string, start: Uint8Array): void {
  if (kind !== "file") return;
  if (path === "Procfile" && bytes <= procfileLimit) found.procfile = Buffer.from(start).toString("utf8");
  if (path.endsWith("/Procfile")) found.procfileBelow ??= path;
  const platform = platformOf(start);
  if (platform && found.programs.size < programLimit) found.programs.set(path, platform);
}

/** Kinds by the type flag of tar; "7" is a file that once asked for contiguous blocks. */
const kinds: Record<string, ArchiveEntry["kind"]> = {
  "0": "file",
  "7": "file",
  "1": "hardlink",
  "2": "symlink",
  "5": "directory",
};

function describe({ name, type, linkName, mode, bytes }: TarEntry): ArchiveEntry {
  const kind = kinds[type] ?? "other";
  // A regular file whose name ends in a slash is a directory to every program that unpacks.
  const isDirectory = kind === "file" && name.endsWith("/");
  return { path: name, kind: isDirectory ? "directory" : kind, target: linkName, mode, bytes };
}

/** The refusal of an archive as a whole. */
export function refused(name: string, reason: string): ArtifactRefusedError {
  return new ArtifactRefusedError(`${name} is refused: ${reason}.`, "Build the archive again and push that.");
}

/** The bytes as they were pushed: counted and digested as they pass. */
class PackedBytes {
  readonly #reader: ByteReader;
  readonly #digester = new BlockDigester();
  #head: Uint8Array = new Uint8Array();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#reader = new ByteReader(source);
  }

  /** Unit: bytes that have come until now. */
  get bytes(): number {
    return this.#reader.consumed;
  }

  async head(): Promise<Uint8Array> {
    this.#head = await this.#reader.take(headBytes);
    return this.#head;
  }

  /** All bytes, the head first. */
  async *all(): AsyncGenerator<Uint8Array> {
    for (let chunk = this.#head; chunk.length > 0; chunk = await this.#reader.some(Number.POSITIVE_INFINITY)) {
      this.#digester.add(chunk);
      yield chunk;
    }
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  digests(): { sha256: string; blockDigests: Uint8Array } {
    return this.#digester.finish();
  }
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
