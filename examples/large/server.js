// A tiny program with a file beside it that may be of any size, to see what large artifacts cost.
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const data = join(import.meta.dirname, "data");

createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  if (url.pathname === "/size") return response.end(String(statSync(data).size));
  if (url.pathname !== "/bytes") return response.end("ok");
  const [start, end] = ["first", "last"].map((name) => Number(url.searchParams.get(name)));
  createReadStream(data, { start, end }).pipe(response);
}).listen(Number(process.env.PORT), "0.0.0.0");
