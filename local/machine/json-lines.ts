import type { Duplex } from "node:stream";

/** A request or answer is one line of JSON; longer ones are a mistake. Unit: bytes. A script to run is the largest. */
const maxLineBytes = 1_048_576;

/** Reads the first line of a stream as JSON and leaves every byte after it unread. */
export function readJsonLine<T>(stream: Duplex): Promise<T> {
  return new Promise((resolve, reject) => {
    let text = Buffer.alloc(0);
    const settle = (act: () => void) => {
      stream.off("readable", onReadable);
      stream.off("end", onEnd);
      stream.off("error", onError);
      act();
    };
    const onEnd = () => settle(() => reject(new Error("the stream ended before a whole line")));
    const onError = (error: Error) => settle(() => reject(error));
    const onReadable = () => {
      for (let chunk: Buffer | null = stream.read(); chunk !== null; chunk = stream.read()) {
        text = Buffer.concat([text, chunk]);
        const end = text.indexOf(10);
        if (end < 0 && text.length <= maxLineBytes) continue;
        settle(() => {
          if (end < 0) return reject(new Error(`the line is longer than ${maxLineBytes} bytes`));
          if (end + 1 < text.length) stream.unshift(text.subarray(end + 1));
          resolve(JSON.parse(text.subarray(0, end).toString()) as T);
        });
        return;
      }
    };
    stream.on("readable", onReadable);
    stream.on("end", onEnd);
    stream.on("error", onError);
  });
}

export function writeJsonLine(stream: Duplex, value: unknown): void {
  stream.write(`${JSON.stringify(value)}\n`);
}
