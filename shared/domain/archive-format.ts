/** What artifacts and layers are packed in. */
export type ArchiveFormat = "tar.gz" | "zip";

/** Formats by their first bytes, those that people push by mistake included. Source: each format's specification; file(1) agrees. */
const formats: readonly { at: number; magic: readonly number[]; what: string; format?: ArchiveFormat }[] = [
  { at: 0, magic: [0x1f, 0x8b], what: "compressed with gzip", format: "tar.gz" },
  { at: 0, magic: [0x50, 0x4b, 0x03, 0x04], what: "a zip archive", format: "zip" },
  // A zip without entries is only its end; that it is empty is for who reads it to say.
  { at: 0, magic: [0x50, 0x4b, 0x05, 0x06], what: "an empty zip archive", format: "zip" },
  { at: 0, magic: [0x42, 0x5a, 0x68], what: "compressed with bzip2" },
  { at: 0, magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], what: "compressed with xz" },
  { at: 0, magic: [0x28, 0xb5, 0x2f, 0xfd], what: "compressed with zstd" },
  { at: 0, magic: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], what: "a 7z archive" },
  { at: 0, magic: [0x52, 0x61, 0x72, 0x21], what: "a rar archive" },
  { at: 0, magic: [0x7f, 0x45, 0x4c, 0x46], what: "a program" },
  { at: 257, magic: [0x75, 0x73, 0x74, 0x61, 0x72], what: "a plain tar archive, not compressed" },
];

/** The format a key's or file's name promises; undefined for another ending. */
export function formatOfName(name: string): ArchiveFormat | undefined {
  const ending = archiveEnding.exec(name)?.[1];
  if (ending === undefined) return undefined;
  return ending === "zip" ? "zip" : "tar.gz";
}

/** Endings Kiln accepts, in the order in which keys are tried. */
export const archiveEndings = ["tar.gz", "tgz", "zip"] as const;
export const archiveEnding = /\.(tar\.gz|tgz|zip)$/;

/** Why a file cannot be what its name says, by its first bytes (512 are enough); undefined when it can. */
export function refuseFormat(head: Uint8Array, expected: ArchiveFormat): string | undefined {
  if (head.length === 0) return "it is empty: 0 bytes";
  const found = formats.find(({ at, magic }) => magic.every((byte, index) => head[at + index] === byte));
  if (found?.format === expected) return undefined;
  const isText = head.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
  const what = found?.what ?? (isText ? "text" : "data of an unknown kind");
  return `its content is not what its name says: it is ${what}, not a .${expected}`;
}
