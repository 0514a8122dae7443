/** Formats that people push by mistake, by their first bytes. Source: each format's specification; file(1) agrees. */
const formats: readonly { at: number; magic: readonly number[]; what: string }[] = [
  { at: 0, magic: [0x50, 0x4b, 0x03, 0x04], what: "a zip archive" },
  { at: 0, magic: [0x50, 0x4b, 0x05, 0x06], what: "an empty zip archive" },
  { at: 0, magic: [0x42, 0x5a, 0x68], what: "compressed with bzip2" },
  { at: 0, magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], what: "compressed with xz" },
  { at: 0, magic: [0x28, 0xb5, 0x2f, 0xfd], what: "compressed with zstd" },
  { at: 0, magic: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], what: "a 7z archive" },
  { at: 0, magic: [0x52, 0x61, 0x72, 0x21], what: "a rar archive" },
  { at: 0, magic: [0x7f, 0x45, 0x4c, 0x46], what: "a program" },
  { at: 257, magic: [0x75, 0x73, 0x74, 0x61, 0x72], what: "a plain tar archive, not compressed" },
];

/** Why a file cannot be a `.tar.gz`, by its first bytes (512 are enough); undefined when it is compressed with gzip. */
export function refuseFormat(head: Uint8Array): string | undefined {
  if (head.length === 0) return "it is empty: 0 bytes";
  if (head[0] === 0x1f && head[1] === 0x8b) return undefined;
  const found = formats.find(({ at, magic }) => magic.every((byte, index) => head[at + index] === byte));
  if (found) return `its content is not what its name says: it is ${found.what}, not a .tar.gz`;
  const isText = head.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
  return `its content is not what its name says: it is ${isText ? "text" : "data of an unknown kind"}, not a .tar.gz`;
}
