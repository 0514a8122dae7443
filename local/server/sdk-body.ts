import { Readable } from "node:stream";
import { sdkStreamMixin } from "@smithy/core/serde";
import { collect, stream } from "../wire/body.ts";

/**
 * The body of an answer as the SDK hands it out: a stream that can also be read whole, once. The bytes are in this process
 * already, so who wants them whole gets them without the turns of a stream.
 */
export function sdkBody(bytes: Uint8Array | AsyncIterable<Uint8Array>): Readable {
  const body = Readable.from(stream(bytes), { objectMode: false });
  sdkStreamMixin(body);
  let isTaken = false;
  const whole = async (): Promise<Uint8Array> => {
    if (isTaken) throw new Error("The stream has already been transformed.");
    isTaken = true;
    return collect(bytes);
  };
  return Object.assign(body, {
    transformToByteArray: whole,
    transformToString: async (encoding?: BufferEncoding) => Buffer.from(await whole()).toString(encoding),
  });
}
