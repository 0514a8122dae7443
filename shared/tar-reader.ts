import type { ByteReader } from "./byte-reader.ts";
import { readPaxRecords, readTarHeader, type TarHeader, TarProblem, tarBlockBytes } from "./domain/tar-header.ts";

/** One entry of a tar archive, and its content, which must be read before the next entry is asked for. */
export interface TarEntry extends TarHeader {
  content: AsyncIterable<Uint8Array>;
}

/** Unit: bytes of an extended header: a path of 1024 characters and a few attributes are far below. */
const extensionLimitBytes = 256 * 1024;
/** An entry has at most a long name, a long link and one extended header. */
const extensionsLimit = 4;

/** Unit: bytes of zeros behind the end: tar pads to its record, 10 KiB unless told otherwise, 1 MiB at most in practice. */
const paddingLimitBytes = 1024 * 1024;

/** What the headers before an entry say of it. */
interface Extensions {
  name?: string;
  linkName?: string;
  bytes?: number;
}

/**
 * Reads a tar archive entry by entry. It is stricter than programs that unpack: whatever they might read in another way
 * (sparse files, defaults for all entries, bytes after the end) is refused, so that what was inspected is what is unpacked.
 * @throws {TarProblem}
 */
export async function* readTar(bytes: ByteReader): AsyncGenerator<TarEntry> {
  for (;;) {
    const header = await nextEntry(bytes);
    if (!header) return;
    let missing = header.bytes;
    const content = async function* (): AsyncGenerator<Uint8Array> {
      while (missing > 0) {
        const chunk = await bytes.some(missing);
        if (chunk.length === 0) throw cutShort();
        missing -= chunk.length;
        yield chunk;
      }
    };
    yield { ...header, content: content() };
    for await (const _ of content());
    await skipPadding(bytes, header.bytes);
  }
}

async function nextEntry(bytes: ByteReader): Promise<TarHeader | undefined> {
  const extensions: Extensions = {};
  for (let seen = 0; seen <= extensionsLimit; seen++) {
    const block = await bytes.take(tarBlockBytes);
    if (block.length > 0 && block.length < tarBlockBytes) throw cutShort();
    const header = block.length === 0 ? undefined : readTarHeader(block);
    if (!header) {
      if (seen > 0) throw new TarProblem("it ends after an extended header");
      await onlyZerosFollow(bytes);
      return undefined;
    }
    if (!"xgLK".includes(header.type)) return { ...header, ...extensions };
    extend(extensions, header.type, await extensionOf(bytes, header));
  }
  throw new TarProblem("an entry has too many extended headers");
}

async function extensionOf(bytes: ByteReader, header: TarHeader): Promise<Uint8Array> {
  if (header.bytes > extensionLimitBytes) throw new TarProblem("an extended header is too large");
  const content = await bytes.take(header.bytes);
  if (content.length < header.bytes) throw cutShort();
  await skipPadding(bytes, header.bytes);
  return content;
}

function extend(extensions: Extensions, type: string, content: Uint8Array): void {
  if (type === "L" || type === "K") {
    const text = Buffer.from(content).toString("utf8").replace(/\0.*$/s, "");
    set(extensions, type === "L" ? "name" : "linkName", text);
    return;
  }
  for (const [key, value] of readPaxRecords(content)) {
    if (/^(GNU\.sparse\.|SCHILY\.realsize|GNU\.volume\.|GNU\.dumpdir)/.test(key)) {
      throw new TarProblem(`an extended header has ${key}, which no artifact needs`);
    }
    const field = paxFields[key];
    if (!field) continue;
    // Programs disagree on whether such defaults hold for entries without a header of their own.
    if (type === "g") throw new TarProblem(`a global header sets ${key} for all entries`);
    set(extensions, field, field === "bytes" ? sizeOf(value) : value);
  }
}

const paxFields: Record<string, keyof Extensions> = { path: "name", linkpath: "linkName", size: "bytes" };

function set<K extends keyof Extensions>(extensions: Extensions, field: K, value: Extensions[K]): void {
  if (extensions[field] !== undefined) throw new TarProblem("an entry is named twice by its extended headers");
  extensions[field] = value;
}

function sizeOf(value: string): number {
  const bytes = /^[0-9]{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new TarProblem("an extended header has a size that is no number");
}

async function skipPadding(bytes: ByteReader, contentBytes: number): Promise<void> {
  const padding = (tarBlockBytes - (contentBytes % tarBlockBytes)) % tarBlockBytes;
  if ((await bytes.take(padding)).length < padding) throw cutShort();
}

async function onlyZerosFollow(bytes: ByteReader): Promise<void> {
  const endsAt = bytes.consumed;
  while (bytes.consumed - endsAt <= paddingLimitBytes) {
    const chunk = await bytes.some(64 * 1024);
    if (chunk.length === 0) return;
    if (chunk.some((byte) => byte !== 0)) throw new TarProblem("something follows its end");
  }
  throw new TarProblem(`more than ${paddingLimitBytes} zeros follow its end`);
}

function cutShort(): TarProblem {
  return new TarProblem("it ends in the middle of an entry");
}
