import { tarBlockBytes } from "./tar-header.ts";

/** What the header of a tar entry is to say. */
export interface TarEntryToWrite {
  path: string;
  type: string;
  linkName: string;
  mode: number;
  /** Unit: bytes of content. */
  bytes: number;
  /** Unit: seconds since 1970. */
  changedSeconds: number;
}

/** Unit: bytes of the octal size field: 8 GiB and more stand in an extended header. */
const largestOctalSize = 0o77777777777;

/**
 * The header of an entry, after an extended one for what does not fit into it. The same entry always gives the same
 * bytes. Source: POSIX pax, "ustar Interchange Format" and "pax Header Block".
 */
export function writeTarHeaders(entry: TarEntryToWrite): Buffer {
  const path = Buffer.from(entry.path, "utf8");
  const link = Buffer.from(entry.linkName, "utf8");
  const records = [
    path.length > 100 ? paxRecord("path", path) : undefined,
    link.length > 100 ? paxRecord("linkpath", link) : undefined,
    entry.bytes > largestOctalSize ? paxRecord("size", Buffer.from(String(entry.bytes))) : undefined,
  ].filter((record) => record !== undefined);
  const bytes = entry.bytes > largestOctalSize ? 0 : entry.bytes;
  const own = header({ ...entry, bytes }, path.subarray(0, 100), link.subarray(0, 100));
  if (records.length === 0) return own;
  const extension = Buffer.concat(records);
  const extended = header(
    { ...entry, type: "x", mode: 0o644, bytes: extension.length },
    Buffer.from("pax"),
    Buffer.alloc(0),
  );
  return Buffer.concat([extended, extension, Buffer.alloc(paddingBytes(extension.length)), own]);
}

/** Unit: bytes of zeros that fill the last block of a content. */
export function paddingBytes(contentBytes: number): number {
  return (tarBlockBytes - (contentBytes % tarBlockBytes)) % tarBlockBytes;
}

function header(entry: TarEntryToWrite, path: Buffer, link: Buffer): Buffer {
  const block = Buffer.alloc(tarBlockBytes);
  path.copy(block, 0);
  const octal = (value: number, at: number, digits: number) =>
    block.write(value.toString(8).padStart(digits, "0"), at, "latin1");
  octal(entry.mode, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(entry.bytes, 124, 11);
  octal(Math.min(Math.max(0, entry.changedSeconds), largestOctalSize), 136, 11);
  block.write(" ".repeat(8), 148, "latin1");
  block.write(entry.type, 156, "latin1");
  link.copy(block, 157);
  block.write("ustar\x0000", 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** `<length> <key>=<value>\n`, whose length counts its own digits. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from("\n")]);
  let digits = 1;
  while (String(rest.length + digits).length !== digits) digits += 1;
  return Buffer.concat([Buffer.from(String(rest.length + digits)), rest]);
}
