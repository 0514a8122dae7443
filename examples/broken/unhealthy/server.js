// A program that listens, and whose health path says it cannot work.
import { createServer } from "node:http";

createServer((request, response) => {
  const healthy = request.url !== "/health";
  response.writeHead(healthy ? 200 : 503, { "content-type": "application/json" });
  response.end(`${JSON.stringify(healthy ? { hello: "world" } : { healthy, reason: "the cache is unreachable" })}\n`);
}).listen(Number(process.env.PORT), process.env.HOST ?? "0.0.0.0");
