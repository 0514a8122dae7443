import { AwsError } from "../core/aws-error.ts";

/**
 * The most a request that is not a stream may hold. Reason: Lambda's UpdateFunctionCode takes zips of 50 MB, in base64;
 * everything else AWS takes in one message is smaller.
 */
const bufferedBytesMax = 70 * 1024 * 1024;

/**
 * The whole of a body.
 * @throws {AwsError} RequestEntityTooLarge beyond what any operation takes in one message.
 */
export async function collect(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > bufferedBytesMax) {
      throw new AwsError("RequestEntityTooLarge", `the request is larger than ${bufferedBytesMax} bytes`, 413);
    }
    parts.push(part);
  }
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
}

/** A body as a stream, whatever it is. */
export async function* stream(body: Uint8Array | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) {
    if (body.length > 0) yield body;
    return;
  }
  yield* body;
}
