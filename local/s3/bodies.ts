/** Request bodies as callers hand them over: the wire gives chunks, a caller in the same process what the SDK allows. */
export type Body = AsyncIterable<Uint8Array | string> | Uint8Array | string | Blob | ReadableStream | undefined;

/** A body of any kind as chunks. */
export async function* chunksOf(body: Body): AsyncGenerator<Uint8Array> {
  if (body === undefined) return;
  if (typeof body === "string") yield Buffer.from(body);
  else if (body instanceof Uint8Array) yield body;
  else if (body instanceof Blob) yield* chunksOf(body.stream());
  else {
    for await (const chunk of body as AsyncIterable<Uint8Array | string>) {
      yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    }
  }
}
