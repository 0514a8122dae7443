import { createCipheriv, createHash } from "node:crypto";
import { blockBytes } from "./block-size.ts";

const nothing = Buffer.alloc(blockBytes);

/**
 * What a block of an encrypted volume reads as when nothing was ever written to it: "the decryption of zero with the
 * volume key", that is noise (bottlerocket-os/bottlerocket pull 2169; awslabs/coldsnap issue 395). The same volume and
 * block give the same noise, as a key would.
 */
export function noiseBlock(volumeId: string, index: number): Uint8Array {
  const key = createHash("sha256").update(volumeId).digest();
  const counter = Buffer.alloc(16);
  counter.writeUInt32BE(index);
  return createCipheriv("aes-256-ctr", key, counter).update(nothing);
}
