import { createHash } from "node:crypto";
import { AwsError } from "../core/aws-error.ts";
import { ByteReader } from "./byte-reader.ts";
import type { ChunkSigner } from "./signature.ts";

/** A chunk's header has a hexadecimal size and a signature; trailing headers are checksums. Both are far shorter. */
const lineBytesMax = 4096;

/**
 * Decodes a body in `Content-Encoding: aws-chunked`. Sources: S3 API reference, "sigv4-streaming" and
 * "sigv4-streaming-trailers".
 * @param signer Checks the signature of every chunk; undefined for `STREAMING-UNSIGNED-PAYLOAD-TRAILER`.
 * @param decodedBytes What `x-amz-decoded-content-length` promises.
 * @param onTrailers Receives the headers behind the last chunk before the stream ends, so that a wrong checksum can
 *   still fail the request.
 */
export async function* decodeAwsChunked(
  body: AsyncIterable<Uint8Array>,
  signer: ChunkSigner | undefined,
  decodedBytes: number | undefined,
  onTrailers: (trailers: ReadonlyMap<string, string>) => void,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(body);
  let total = 0;
  for (;;) {
    const { size, signature } = chunkHeader(await reader.line(lineBytesMax));
    const hash = signer && createHash("sha256");
    for (let left = size; left > 0; ) {
      const part = await reader.bytes(left);
      if (!part) throw incomplete();
      left -= part.length;
      hash?.update(part);
      yield part;
    }
    if (signer && hash && signer.chunk(hash.digest("hex")) !== signature) throw signatureMismatch();
    total += size;
    if (size === 0) break;
    if ((await reader.line(2)) !== "") throw incomplete();
  }
  if (decodedBytes !== undefined && total !== decodedBytes) throw incomplete();
  onTrailers(await readTrailers(reader, signer));
}

function chunkHeader(line: string | undefined): { size: number; signature: string | undefined } {
  const match = /^([0-9a-f]+)(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line ?? "");
  if (!match?.[1]) throw incomplete();
  return { size: Number.parseInt(match[1], 16), signature: match[2] };
}

async function readTrailers(reader: ByteReader, signer: ChunkSigner | undefined): Promise<Map<string, string>> {
  const trailers = new Map<string, string>();
  for (;;) {
    const line = await reader.line(lineBytesMax);
    if (line === undefined) break;
    const [name = "", value = ""] = line.split(/:(.*)/s);
    if (name !== "") trailers.set(name.trim().toLowerCase(), value.trim());
  }
  const signature = trailers.get("x-amz-trailer-signature");
  trailers.delete("x-amz-trailer-signature");
  if (signer && trailers.size > 0) {
    const lines = [...trailers].map(([name, value]) => `${name}:${value}\n`).join("");
    if (signer.trailer(lines) !== signature) throw signatureMismatch();
  }
  return trailers;
}

function incomplete(): AwsError {
  return new AwsError(
    "IncompleteBody",
    "The request body terminated unexpectedly or did not have the length its headers promise",
    400,
  );
}

function signatureMismatch(): AwsError {
  return new AwsError(
    "SignatureDoesNotMatch",
    "The signature of a chunk does not match the signature calculated from it and the chunks before.",
    403,
  );
}
