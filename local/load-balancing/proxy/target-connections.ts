import { Agent, type ClientRequestArgs } from "node:http";
import type { Duplex } from "node:stream";

/** Opens a connection to a port of an instance. Rejects when nothing listens there. */
export type Connect = (instanceId: string, port: number) => Promise<Duplex>;

/** Source: "The load balancer failed to establish a connection to the target before the connection timeout expired (10 seconds)". */
const connectTimeoutMs = 10_000;
/** Idle connections kept per target; more would only be closed by the target. */
const idleConnections = 256;

/** A connection to a target could not be made. */
export class TargetConnectionError extends Error {
  override readonly name = "TargetConnectionError";
  readonly timedOut: boolean;

  constructor(timedOut: boolean, cause: unknown) {
    super(timedOut ? "connecting to the target timed out" : "the target refused the connection", { cause });
    this.timedOut = timedOut;
  }
}

/**
 * Connections to one target, kept and used again. An idle connection that the target closes is dropped as soon as that
 * is seen, so a request meets a closed one only when the two cross.
 */
export class TargetConnections extends Agent {
  readonly #open: () => Promise<Duplex>;

  constructor(connect: Connect, instanceId: string, port: number) {
    super({ keepAlive: true, maxFreeSockets: idleConnections, scheduling: "lifo" });
    this.#open = () => openConnection(connect, instanceId, port);
  }

  override createConnection(
    _options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    this.#open().then(
      (stream) => callback?.(null, stream),
      // Node's own callback takes an error without a stream; its type does not say so.
      (error: Error) => (callback as ((error: Error) => void) | undefined)?.(error),
    );
    return undefined;
  }
}

/** @throws {TargetConnectionError} */
export async function openConnection(connect: Connect, instanceId: string, port: number): Promise<Duplex> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TargetConnectionError(true, undefined)), connectTimeoutMs);
  });
  const opening = connect(instanceId, port);
  try {
    return withSocketMethods(await Promise.race([opening, timeout]));
  } catch (error) {
    // A connection that comes after its time is of no use to anyone.
    opening.then((late) => late.destroy()).catch(() => undefined);
    throw error instanceof TargetConnectionError ? error : new TargetConnectionError(false, error);
  } finally {
    clearTimeout(timer);
  }
}

/** Node's HTTP client calls these on any stream it is given; streams that are no sockets lack them. */
function withSocketMethods(stream: Duplex): Duplex {
  for (const name of ["setKeepAlive", "setNoDelay", "setTimeout", "ref", "unref"]) {
    if (!(name in stream)) Object.defineProperty(stream, name, { value: () => stream });
  }
  return stream;
}
