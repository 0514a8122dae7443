import { createServer } from "node:net";

/** Ports tried after the wanted one. */
const attempts = 100;

/**
 * The wanted port of the loopback interface, or the next one that is free.
 * @throws {Error} when a hundred in a row are taken.
 */
export async function freePort(wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + attempts && port <= 65_535; port++) if (await isFree(port)) return port;
  throw new Error(`no port from ${wanted} on is free on 127.0.0.1`);
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(false);
      else reject(error);
    });
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
