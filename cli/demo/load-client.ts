import { Agent, request as httpRequest } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { LoadTally } from "./load-counts.ts";

/** What load to make. */
export interface LoadOptions {
  /** Only `http://127.0.0.1:…`: this is no tool against other people's machines. */
  url: string;
  /** Connections that are kept open; 1–200. */
  connections: number;
  /** Requests a second over all connections; 1–2000. */
  perSecond: number;
  /** The load ends by itself after this; 1–3600. Unit: seconds. */
  seconds: number;
  /** Every so many requests one goes to `slowPath`, so that some are always in flight. 0: none. */
  slowEvery: number;
  slowPath: string;
}

/** An answer that takes longer counts as failed. Unit: milliseconds. */
const answerTimeoutMs = 15_000;

/** Keep-alive load on a service of this machine: each connection asks, reads the answer, waits its turn, asks again. */
export class LoadClient {
  readonly tally = new LoadTally();
  readonly #options: LoadOptions;
  readonly #place: { host: string; port: string };
  #stopping = new AbortController();
  #sent = 0;

  /** @throws {RangeError} for a host that is not this machine, or load beyond the bounds. */
  constructor(options: LoadOptions) {
    checkOptions(options);
    this.#options = options;
    const { hostname: host, port } = new URL(options.url);
    this.#place = { host, port };
  }

  /** Resolves when the time is over or it was stopped, with every request answered. */
  async run(): Promise<void> {
    const { connections, perSecond, seconds } = this.#options;
    const turnMs = (connections / perSecond) * 1000;
    const endsAt = performance.now() + seconds * 1000;
    const running = Array.from({ length: connections }, (_, index) =>
      this.#connection((turnMs * index) / connections, turnMs, endsAt),
    );
    await Promise.all(running);
  }

  /** Starts no more requests; those in flight are still counted. */
  stop(): void {
    this.#stopping.abort();
  }

  async #connection(firstMs: number, turnMs: number, endsAt: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let nextAt = performance.now() + firstMs;
    while (await this.#turnComes(nextAt, endsAt)) {
      await this.#ask(agent);
      // A slow answer is not made up for: the load is bounded at every instant.
      nextAt = Math.max(nextAt + turnMs, performance.now());
    }
    agent.destroy();
  }

  async #turnComes(atMs: number, endsAt: number): Promise<boolean> {
    const { signal } = this.#stopping;
    if (atMs >= endsAt) return false;
    await delay(Math.max(0, atMs - performance.now()), undefined, { signal }).catch(() => undefined);
    return !signal.aborted;
  }

  #ask(agent: Agent): Promise<void> {
    const { slowEvery, slowPath } = this.#options;
    this.#sent += 1;
    const slow = slowEvery > 0 && this.#sent % slowEvery === 0;
    const beganMs = performance.now();
    const { promise, resolve } = Promise.withResolvers<void>();
    const broken = (error: Error) => {
      clearTimeout(impatient);
      this.tally.broken(error, performance.now() - beganMs);
      resolve();
    };
    const request = httpRequest({ ...this.#place, path: slow ? slowPath : "/", agent }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
      });
      response.once("error", broken);
      response.once("end", () => {
        clearTimeout(impatient);
        this.tally.answered(response.statusCode ?? 0, body, performance.now() - beganMs);
        resolve();
      });
    });
    const impatient = setTimeout(
      () => request.destroy(new Error(`no answer within ${answerTimeoutMs / 1000} s`)),
      answerTimeoutMs,
    );
    request.once("error", broken);
    request.end();
    return promise;
  }
}

function checkOptions({ url, connections, perSecond, seconds }: LoadOptions): void {
  const { protocol, hostname } = new URL(url);
  if (protocol !== "http:" || hostname !== "127.0.0.1") throw new RangeError(`load goes to 127.0.0.1 only, not ${url}`);
  const bounds = { connections: [connections, 200], perSecond: [perSecond, 2000], seconds: [seconds, 3600] } as const;
  for (const [name, [value, most]] of Object.entries(bounds)) {
    if (!(value >= 1 && value <= most)) throw new RangeError(`${name} must be 1–${most}, not ${value}`);
  }
}
