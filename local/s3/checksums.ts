import { createHash, type Hash } from "node:crypto";
import { crc32 } from "node:zlib";
import { combineCrc, crc32cParameters, crc32Parameters, crc64NvmeParameters, RunningCrc } from "./crc.ts";

/** The checksums this cloud computes. S3 knows more (SHA512, MD5, XXHASH…); naming one of those is refused. */
export const checksumNames = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;
export type ChecksumName = (typeof checksumNames)[number];

export function isChecksumName(name: string): name is ChecksumName {
  return (checksumNames as readonly string[]).includes(name);
}

/** Whether parts' checksums can be combined into the whole object's without reading it again: true of CRCs only. */
export function isCombinable(name: ChecksumName): boolean {
  return name.startsWith("CRC");
}

interface Running {
  update(chunk: Uint8Array): void;
  /** Big-endian bytes. */
  digest(): Buffer;
}

class RunningCrc32 implements Running {
  #value = 0;

  update(chunk: Uint8Array): void {
    this.#value = crc32(chunk, this.#value);
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.#value);
    return bytes;
  }
}

class RunningHash implements Running {
  readonly #hash: Hash;

  constructor(algorithm: string) {
    this.#hash = createHash(algorithm);
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
  }

  digest(): Buffer {
    return this.#hash.digest();
  }
}

function running(name: ChecksumName): Running {
  switch (name) {
    case "CRC32":
      return new RunningCrc32();
    case "CRC32C":
      return new RunningCrc(crc32cParameters);
    case "CRC64NVME":
      return new RunningCrc(crc64NvmeParameters);
    case "SHA1":
      return new RunningHash("sha1");
    case "SHA256":
      return new RunningHash("sha256");
  }
}

export interface Digests {
  bytes: number;
  /** Hexadecimal; the ETag of an object written in one piece. */
  md5: string;
  /** Base64. */
  checksum: string;
}

/** Counts and digests bytes that pass through, so that a large body is read once and never held. */
export class DigestingStream {
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #md5 = createHash("md5");
  readonly #checksum: Running;
  readonly #maximumBytes: number;
  readonly #tooLarge: () => Error;
  #bytes = 0;

  /** @param tooLarge The error thrown when more than `maximumBytes` pass. */
  constructor(source: AsyncIterable<Uint8Array>, name: ChecksumName, maximumBytes: number, tooLarge: () => Error) {
    this.#source = source;
    this.#checksum = running(name);
    this.#maximumBytes = maximumBytes;
    this.#tooLarge = tooLarge;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#source) {
      this.#bytes += chunk.byteLength;
      if (this.#bytes > this.#maximumBytes) throw this.#tooLarge();
      this.#md5.update(chunk);
      this.#checksum.update(chunk);
      yield chunk;
    }
  }

  /** What passed; call once, after the stream has been read to its end. */
  finish(): Digests {
    return {
      bytes: this.#bytes,
      md5: this.#md5.digest("hex"),
      checksum: this.#checksum.digest().toString("base64"),
    };
  }
}

/**
 * The checksum of a multipart object from its parts'. `COMPOSITE` is the checksum of the parts' checksums followed by
 * their number; `FULL_OBJECT` is that of all bytes. Source: S3 user guide, "Checking object integrity".
 */
export function checksumOfParts(
  name: ChecksumName,
  type: "COMPOSITE" | "FULL_OBJECT",
  parts: readonly { checksum: string; bytes: number }[],
): string {
  if (type === "COMPOSITE") {
    const outer = running(name);
    for (const part of parts) outer.update(Buffer.from(part.checksum, "base64"));
    return `${outer.digest().toString("base64")}-${parts.length}`;
  }
  const parameters = name === "CRC32" ? crc32Parameters : name === "CRC32C" ? crc32cParameters : crc64NvmeParameters;
  let whole = 0n;
  for (const part of parts) {
    const own = BigInt(`0x${Buffer.from(part.checksum, "base64").toString("hex")}`);
    whole = combineCrc(parameters, whole, own, part.bytes);
  }
  return Buffer.from(whole.toString(16).padStart(parameters.width / 4, "0"), "hex").toString("base64");
}

/** The ETag of a multipart object: the MD5 of its parts' MD5s, and how many there are. Quoted. */
export function etagOfParts(md5s: readonly string[]): string {
  const outer = createHash("md5");
  for (const md5 of md5s) outer.update(Buffer.from(md5, "hex"));
  return `"${outer.digest("hex")}-${md5s.length}"`;
}
