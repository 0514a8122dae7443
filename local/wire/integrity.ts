import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { AwsError } from "../core/aws-error.ts";
import { crc32cParameters, crc64NvmeParameters, RunningCrc } from "../s3/crc.ts";

/** A digest of bytes that pass by. */
interface Running {
  update(bytes: Uint8Array): void;
  /** Base64, or hexadecimal for `sha256hex`. */
  digest(): string;
}

/** Headers (and trailers) that promise a digest of the body, each with how S3 words a broken promise. */
const digests: Readonly<Record<string, { start: () => Running; name: string }>> = {
  "content-md5": { start: () => hash("md5", "base64"), name: "Content-MD5" },
  "x-amz-checksum-crc32": { start: runningCrc32, name: "CRC32" },
  "x-amz-checksum-crc32c": { start: () => reflected(new RunningCrc(crc32cParameters)), name: "CRC32C" },
  "x-amz-checksum-crc64nvme": { start: () => reflected(new RunningCrc(crc64NvmeParameters)), name: "CRC64NVME" },
  "x-amz-checksum-sha1": { start: () => hash("sha1", "base64"), name: "SHA1" },
  "x-amz-checksum-sha256": { start: () => hash("sha256", "base64"), name: "SHA256" },
};

function hash(algorithm: string, encoding: "base64" | "hex"): Running {
  const running = createHash(algorithm);
  return { update: (bytes) => running.update(bytes), digest: () => running.digest(encoding) };
}

function runningCrc32(): Running {
  let value = 0;
  return {
    update: (bytes) => {
      value = crc32(bytes, value);
    },
    digest: () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes.toString("base64");
    },
  };
}

function reflected(crc: RunningCrc): Running {
  return { update: (bytes) => crc.update(bytes), digest: () => Buffer.from(crc.digest()).toString("base64") };
}

/** The name S3 has for the checksum a trailer announces, as in `ChecksumAlgorithm`; undefined for other headers. */
export function checksumName(header: string): string | undefined {
  return header.startsWith("x-amz-checksum-") ? digests[header]?.name : undefined;
}

/** What the headers of one request promise about its body, checked while the body passes. */
export class BodyPromises {
  readonly #running = new Map<string, Running>();
  readonly #expected = new Map<string, string>();

  /** Takes the promises in the headers, and prepares for those the trailer will make. */
  constructor(headers: Readonly<Record<string, string>>, trailerNames: readonly string[]) {
    for (const [header, digest] of Object.entries(digests)) {
      const expected = headers[header];
      if (expected !== undefined) this.#expected.set(header, expected);
      if (expected !== undefined || trailerNames.includes(header)) this.#running.set(header, digest.start());
    }
    const signed = headers["x-amz-content-sha256"];
    if (signed !== undefined && /^[0-9a-f]{64}$/.test(signed)) {
      this.#expected.set("x-amz-content-sha256", signed);
      this.#running.set("x-amz-content-sha256", hash("sha256", "hex"));
    }
  }

  /** Adds the promises that came behind the body. */
  addTrailers(trailers: ReadonlyMap<string, string>): void {
    for (const [name, value] of trailers) this.#expected.set(name, value);
  }

  update(bytes: Uint8Array): void {
    for (const running of this.#running.values()) running.update(bytes);
  }

  /** @throws {AwsError} BadDigest or XAmzContentSHA256Mismatch when the body is not what was promised. */
  check(): void {
    for (const [header, running] of this.#running) {
      const found = running.digest();
      const expected = this.#expected.get(header);
      if (expected !== undefined && expected !== found) throw broken(header);
    }
  }

  /** The same bytes, with the promises checked before the end is reported. */
  async *watch(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const part of body) {
      this.update(part);
      yield part;
    }
    this.check();
  }
}

/** Source of the words: S3 API reference, "Error responses". */
function broken(header: string): AwsError {
  if (header === "x-amz-content-sha256") {
    return new AwsError(
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
      400,
    );
  }
  if (header === "content-md5") {
    return new AwsError("BadDigest", "The Content-MD5 you specified did not match what we received.", 400);
  }
  const name = digests[header]?.name ?? header;
  return new AwsError("BadDigest", `The ${name} you specified did not match the calculated checksum.`, 400);
}
