import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

/** Header of an entry as `tar-stream` writes it. */
export type Header = Parameters<ReturnType<typeof pack>["entry"]>[0];
export type Entry = [Header, string | Buffer];

/** A tar archive of these entries, not compressed. */
export async function tarOf(...entries: Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const [header, body] of entries) tar.entry({ mtime: new Date(0), ...header }, body);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A .tar.gz of these entries. */
export async function archiveOf(...entries: Entry[]): Promise<Buffer> {
  return gzipSync(await tarOf(...entries));
}

/** One header by hand, for what no program writes: any type flag, with a right checksum. */
export function rawHeader(name: string, type: string, bytes: number, magic = "ustar\x0000"): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, "latin1");
  block.write("0000644\0", 100);
  block.write(`${bytes.toString(8).padStart(11, "0")}\0`, 124);
  block.write(" ".repeat(8), 148);
  block.write(type, 156);
  block.write(magic, 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** An entry by hand: its header, and its content padded to a whole block. */
export function rawEntry(name: string, type: string, content = "", magic?: string): Buffer {
  const body = Buffer.from(content);
  const padding = Buffer.alloc((512 - (body.length % 512)) % 512);
  return Buffer.concat([rawHeader(name, type, body.length, magic), body, padding]);
}

/** One record of an extended header. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest) + 1;
  while (String(length).length + Buffer.byteLength(rest) !== length) length += 1;
  return `${length}${rest}`;
}

/** Bytes that do not compress, the same every time. */
export function noise(bytes: number): Buffer {
  return createHash("shake256", { outputLength: bytes }).update("noise").digest();
}

export async function* inChunks(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

/** What most artifacts hold. */
export const procfile: Entry = [{ name: "Procfile" }, "web: node server.js\n"];
