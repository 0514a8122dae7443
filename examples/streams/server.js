// A program whose answers take as long as anyone listens: server-sent events on /events, WebSockets on any path, and a
// download of any length on /download. What Kiln does with such connections is shown by test/e2e/connections.test.ts.
import { createHash } from "node:crypto";
import { createServer } from "node:http";

const release = process.env.KILN_GENERATION ?? "none";
const tickMs = 50;

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  if (url.pathname === "/health") return response.end("ok");
  if (url.pathname === "/events") return sendEvents(response);
  if (url.pathname === "/download") return sendSlowly(response, Number(url.searchParams.get("chunks") ?? 100));
  response.setHeader("content-type", "application/json").end(JSON.stringify({ release, version: "any" }));
});

function sendEvents(response) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  let count = 0;
  const ticking = setInterval(() => response.write(`data: ${release} ${count++}\n\n`), tickMs);
  response.on("close", () => clearInterval(ticking));
}

/** Chunk after chunk, without saying how long it will be. */
function sendSlowly(response, chunks) {
  let left = chunks;
  const sending = setInterval(() => {
    response.write(`${release}\n`);
    left -= 1;
    if (left > 0) return;
    clearInterval(sending);
    response.end("complete\n");
  }, tickMs);
  response.on("close", () => clearInterval(sending));
}

// WebSockets that send back what they are told, as far as short texts go (RFC 6455, 1.3 and 5.2). A real program uses a
// library: examples/programs/websocket does.
server.on("upgrade", ({ headers }, socket) => {
  const accept = createHash("sha1").update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept.digest("base64")}\r\n\r\n`,
  );
  socket.on("error", () => socket.destroy());
  socket.on("data", (frame) => {
    if ((frame[0] & 0x0f) !== 1) return socket.end();
    const mask = frame.subarray(2, 6);
    const text = frame.subarray(6, 6 + (frame[1] & 0x7f)).map((byte, index) => byte ^ mask[index % 4]);
    const answer = Buffer.from(`${release}: ${Buffer.from(text)}`);
    socket.write(Buffer.concat([Buffer.from([0x81, answer.length]), answer]));
  });
});

server.keepAliveTimeout = 65_000;
server.listen(Number(process.env.PORT ?? 8080), "0.0.0.0");

process.on("SIGTERM", () => {
  console.log(`${release} was told to stop`);
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
