import { createCipheriv } from "node:crypto";
import { Readable } from "node:stream";

/** Bytes of an AES block, by which the key stream is counted. */
const cipherBlockBytes = 16;
const chunkBytes = 1024 * 1024;

/** Bytes that do not compress, the same every time: those from `offset` on. @param offset A multiple of 16. */
export function* noiseFrom(seed: number, offset: number, bytes: number): Generator<Buffer> {
  const key = Buffer.alloc(16, seed);
  const counter = Buffer.alloc(16);
  counter.writeBigUInt64BE(BigInt(offset / cipherBlockBytes), 8);
  const cipher = createCipheriv("aes-128-ctr", key, counter);
  const zeros = Buffer.alloc(chunkBytes);
  for (let left = bytes; left > 0; left -= chunkBytes)
    yield cipher.update(zeros.subarray(0, Math.min(left, chunkBytes)));
}

/** The same as a stream, from the beginning. */
export function noiseStream(seed: number, bytes: number): Readable {
  return Readable.from(noiseFrom(seed, 0, bytes), { objectMode: false });
}
