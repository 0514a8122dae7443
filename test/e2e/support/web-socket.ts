import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";
import type { Duplex } from "node:stream";

/** The least of a WebSocket client: opens one, sends a text, and returns the first text that comes back. */
export async function webSocketEcho(url: string, host: string, text: string): Promise<string> {
  const socket = await openWebSocket(url, host);
  try {
    socket.send(text);
    return await socket.next();
  } finally {
    socket.end();
  }
}

/** An open WebSocket, as far as short texts go. */
export interface OpenWebSocket {
  send(text: string): void;
  /** The next text. Rejects when the connection ends before. */
  next(): Promise<string>;
  /** Resolves when the connection has ended, whoever ended it. */
  closed: Promise<void>;
  end(): void;
}

/** Source: RFC 6455, 1.3. */
const handshakeSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** @throws {Error} when the server does not agree to the upgrade. */
export function openWebSocket(url: string, host: string): Promise<OpenWebSocket> {
  const key = randomBytes(16).toString("base64");
  const { promise, resolve, reject } = Promise.withResolvers<OpenWebSocket>();
  const asked = request(url, {
    headers: {
      host,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": key,
    },
  });
  asked.on("error", reject);
  asked.on("response", ({ statusCode }) => reject(new Error(`the upgrade was answered with ${statusCode}`)));
  asked.on("upgrade", ({ headers }, stream, head) => {
    const accept = createHash("sha1").update(`${key}${handshakeSuffix}`).digest("base64");
    if (headers["sec-websocket-accept"] === accept) resolve(texts(stream, head));
    else reject(new Error("the server's answer to the handshake is wrong"));
  });
  asked.end();
  return promise;
}

function texts(stream: Duplex, head: Buffer): OpenWebSocket {
  let unread = head;
  const ended = Promise.withResolvers<void>();
  const arrived: string[] = [];
  const waiting: PromiseWithResolvers<string>[] = [];
  const take = () => {
    for (let frame = frameIn(unread); frame; frame = frameIn(unread)) {
      unread = unread.subarray(frame.bytes);
      if (frame.text === undefined) continue;
      const next = waiting.shift();
      if (next) next.resolve(frame.text);
      else arrived.push(frame.text);
    }
  };
  stream.on("data", (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    take();
  });
  stream.on("error", () => stream.destroy());
  stream.on("close", () => {
    ended.resolve();
    for (const next of waiting.splice(0)) next.reject(new Error("the WebSocket ended"));
  });
  take();
  return {
    send: (text) => void stream.write(maskedFrame(Buffer.from(text))),
    next() {
      const text = arrived.shift();
      if (text !== undefined) return Promise.resolve(text);
      if (stream.destroyed) return Promise.reject(new Error("the WebSocket has ended"));
      const next = Promise.withResolvers<string>();
      waiting.push(next);
      return next.promise;
    },
    closed: ended.promise,
    end: () => void stream.end(),
  };
}

/** One frame as clients send it: masked, whole, at most 125 bytes. Source: RFC 6455, 5.2. */
function maskedFrame(text: Buffer): Buffer {
  const mask = randomBytes(4);
  const masked = text.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length]), mask, masked]);
}

/** The first whole frame, as servers send it: not masked, at most 125 bytes. Control frames have no text. */
function frameIn(bytes: Buffer): { text: string | undefined; bytes: number } | undefined {
  const length = (bytes[1] ?? 0) & 0x7f;
  if (bytes.length < 2 || bytes.length < 2 + length) return undefined;
  const isText = ((bytes[0] ?? 0) & 0x0f) === 1;
  return { text: isText ? bytes.subarray(2, 2 + length).toString("utf8") : undefined, bytes: 2 + length };
}
