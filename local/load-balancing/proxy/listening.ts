import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Ports tried after the wanted one before giving up. */
const attempts = 100;
/** Added to a port below 1024 that cannot be bound, so that 80 becomes 8080. */
const unprivilegedOffset = 8000;

export interface Bound {
  port: number;
  /** Why it is not the wanted port; undefined when it is. */
  instead: string | undefined;
}

/**
 * Listens on loopback: on the port it had before (`remembered`), else on the wanted one, else on the next free one.
 * @throws The last error when no port could be bound.
 */
export async function listenNear(server: Server, wanted: number, remembered: number | undefined): Promise<Bound> {
  const fallback = wanted < 1024 ? wanted + unprivilegedOffset : wanted + 1;
  const others = Array.from({ length: attempts }, (_, index) => fallback + index).filter((port) => port <= 65_535);
  const candidates = [...new Set([wanted, ...(remembered === undefined ? [] : [remembered]), ...others])];
  let reason: string | undefined;
  for (const port of remembered === undefined ? candidates : [remembered, ...candidates]) {
    try {
      await listen(server, port);
      return {
        port: (server.address() as AddressInfo).port,
        instead: port === wanted ? undefined : (reason ?? "as before"),
      };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EADDRINUSE" && code !== "EACCES") throw error;
      if (port === wanted) reason = code === "EACCES" ? "it needs privileges" : "it is in use";
    }
  }
  throw new Error(`no free port near ${wanted} on 127.0.0.1`);
}

function listen(server: Server, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, "127.0.0.1", () => {
    server.off("error", reject);
    resolve();
  });
  return promise;
}
