// The smallest program Kiln can deploy well: it listens on $PORT, has a health path, and stops without dropping anyone.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const version = readFileSync(join(import.meta.dirname, "VERSION"), "utf8").trim();
const release = process.env.KILN_GENERATION ?? "none";
const port = Number(process.env.PORT ?? 8080);
const host = process.env.HOST ?? "0.0.0.0";

let stopping = false;

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  if (url.pathname === "/") return answer(response, 200, { release, version, greeting: process.env.GREETING });
  if (url.pathname === "/health") return answer(response, 200, { healthy: true });
  if (url.pathname === "/slow") {
    const milliseconds = Math.min(Number(url.searchParams.get("ms") ?? 1000) || 0, 60_000);
    return setTimeout(() => answer(response, 200, { release, version, milliseconds }), milliseconds);
  }
  return answer(response, 404, { error: `nothing at ${url.pathname}` });
});

// Longer than the load balancer keeps idle connections (60 s), so that it never reuses one this side has just closed.
server.keepAliveTimeout = 65_000;
server.listen(port, host, () => console.log(`${release} (version ${version}) listens on ${host}:${port}`));

process.on("SIGTERM", () => {
  if (stopping) return;
  stopping = true;
  console.log("stopping: finishing the requests that are running");
  server.close(() => process.exit(0));
});

function answer(response, status, body) {
  // While stopping, a client that keeps its connection is told to open another, which goes to another server.
  if (stopping) response.setHeader("connection", "close");
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}
