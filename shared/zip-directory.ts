import { Readable } from "node:stream";
import { fromRandomAccessReader, RandomAccessReader, type ZipFile } from "yauzl";
import { archiveLimits } from "./domain/archive-rules.ts";
import { readZipEntry, type ZipEntry, ZipProblem } from "./domain/zip-entry.ts";
import type { ReadRange } from "./range-reader.ts";

/** What the directory at the end of a zip archive lists. */
export interface ZipDirectory {
  /** In the order in which they stand in the archive. */
  entries: ZipEntry[];
  /** Where the directory begins and so the last entry ends. Unit: bytes from the beginning. */
  offset: number;
}

/** Unit: bytes. An entry takes about a hundred, so this is several times what the most entries take. */
const directoryLimitBytes = 256 * 1024 * 1024;

/** Unit: bytes read at once: a directory is read in pieces of some hundred bytes, and S3 in requests of milliseconds. */
const windowBytes = 1024 * 1024;

/**
 * Reads a zip archive's directory by ranges.
 * @throws {ZipProblem} when it is damaged, too long, or lists what Kiln does not unpack.
 */
export async function readZipDirectory(read: ReadRange, totalBytes: number): Promise<ZipDirectory> {
  const source = new WindowedReader(read, totalBytes);
  const zip = await open(source, totalBytes);
  // Until the first entry is read, the cursor stands where the directory begins.
  const offset = Number(zip.readEntryCursor);
  if (zip.entryCount > archiveLimits.entries) {
    throw new ZipProblem(`it has more than ${archiveLimits.entries} entries`);
  }
  if (totalBytes - offset > directoryLimitBytes) {
    throw new ZipProblem(`its directory has more than ${directoryLimitBytes} bytes`);
  }
  const entries: ZipEntry[] = [];
  try {
    for await (const entry of zip.eachEntry()) entries.push(readZipEntry(entry));
  } catch (error) {
    throw source.failure ?? problemOf(error);
  }
  entries.sort((a, b) => a.headerOffset - b.headerOffset);
  return { entries, offset };
}

async function open(source: WindowedReader, totalBytes: number): Promise<ZipFile> {
  const { promise, resolve, reject } = Promise.withResolvers<ZipFile>();
  // Names stay bytes: Kiln has its own rules for them.
  const options = { lazyEntries: true, autoClose: false, decodeStrings: false };
  fromRandomAccessReader(source, totalBytes, options, (error, zip) => {
    if (error) reject(source.failure ?? problemOf(error));
    else resolve(zip);
  });
  return promise;
}

/** What yauzl says of an archive, as one of ours; its messages have capitals and full stops or not. */
function problemOf(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ZipProblem) return error;
  const said = error.message.replace(/\.$/, "").replaceAll(/\p{Cc}/gu, "");
  const what = /signature not found|unexpected EOF/.test(said) ? "it was cut short, or is no zip archive" : "";
  return new ZipProblem(what || `its directory is damaged (${said})`, { cause: error });
}

/** Answers yauzl's small reads from one window, which is asked for when a read leaves it. */
class WindowedReader extends RandomAccessReader {
  readonly #read: ReadRange;
  readonly #totalBytes: number;
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0;
  /** What kept the object from being read: trouble of S3's, not the archive's. */
  failure: unknown;

  constructor(read: ReadRange, totalBytes: number) {
    super();
    this.#read = read;
    this.#totalBytes = totalBytes;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    this.#bytes(position, length).then(
      (bytes) => callback(null, bytes.copy(buffer, offset)),
      (error: Error) => {
        this.failure = error;
        callback(error);
      },
    );
  }

  /** Contents are not read through yauzl. */
  override _readStreamForRange(): Readable {
    return Readable.from([]);
  }

  async #bytes(position: number, length: number): Promise<Buffer> {
    const end = Math.min(this.#totalBytes, position + length);
    if (position < 0 || end <= position) return Buffer.alloc(0);
    const inside = position >= this.#windowStart && end <= this.#windowStart + this.#window.length;
    if (!inside) {
      const last = Math.min(this.#totalBytes, Math.max(end, position + windowBytes)) - 1;
      const chunks: Uint8Array[] = [];
      for await (const chunk of await this.#read(position, last)) chunks.push(chunk);
      this.#window = Buffer.concat(chunks);
      this.#windowStart = position;
    }
    return this.#window.subarray(position - this.#windowStart, end - this.#windowStart);
  }
}
