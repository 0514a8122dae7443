import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { type OpenWebSocket, openWebSocket } from "./web-socket.ts";

/** What goes on over one long connection. */
export interface LongConnection {
  /** Resolves with the release that answers on it from now on; rejects when it ends before. */
  alive(): Promise<string>;
  /** Whether it has ended. */
  ended(): boolean;
  end(): void;
}

/** An answer that goes on and on. */
export async function openEvents(url: string): Promise<LongConnection> {
  const { asked, answer } = await ask(`${url}/events`);
  let ended = false;
  let heard = Promise.withResolvers<string>();
  heard.promise.catch(() => undefined);
  answer.setEncoding("utf8").on("data", (text: string) => {
    const release = /data: (\S+)/.exec(text)?.[1];
    if (release === undefined) return;
    heard.resolve(release);
    heard = Promise.withResolvers<string>();
    heard.promise.catch(() => undefined);
  });
  answer.on("error", () => undefined);
  answer.on("close", () => {
    ended = true;
    heard.reject(new Error("the events ended"));
  });
  return { alive: () => heard.promise, ended: () => ended, end: () => asked.destroy() };
}

/** A WebSocket that is asked for an echo whenever its life is in question. */
export async function openEcho(url: string): Promise<LongConnection> {
  const socket: OpenWebSocket = await openWebSocket(url, new URL(url).host);
  let ended = false;
  void socket.closed.then(() => {
    ended = true;
  });
  const alive = async () => {
    socket.send("clay");
    return (await socket.next()).split(":")[0] ?? "";
  };
  // As real clients do: the load balancer closes a connection on which nothing is said for a minute.
  const saying = setInterval(() => alive().catch(() => clearInterval(saying)), 1000);
  const end = () => {
    clearInterval(saying);
    socket.end();
  };
  return { alive, ended: () => ended, end };
}

/** Unit: milliseconds between two requests of a client, far below the time after which an idle connection is closed. */
const pauseMs = 20;

/** A client that keeps one connection and sends its requests over it, one after the other, until it is ended. */
export class KeptConnection {
  readonly #url: string;
  /** Releases that answered, in order, each once in a row. */
  readonly releases: string[] = [];
  readonly failures: unknown[] = [];
  #ended = false;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #sockets = new Set<unknown>();

  constructor(url: string) {
    this.#url = url;
    void this.#keepAsking();
  }

  /** Connections that were opened until now. */
  get connections(): number {
    return this.#sockets.size;
  }

  end(): void {
    this.#ended = true;
    this.#agent.destroy();
  }

  async #keepAsking(): Promise<void> {
    while (!this.#ended) {
      try {
        const release = await this.#release();
        if (this.releases.at(-1) !== release) this.releases.push(release);
      } catch (error) {
        if (!this.#ended) this.failures.push(error);
      }
      await delay(pauseMs);
    }
  }

  async #release(): Promise<string> {
    const { asked, answer } = await ask(this.#url, this.#agent);
    this.#sockets.add(asked.socket);
    const body = await textOf(answer);
    if (answer.statusCode !== 200) throw new Error(`a request was answered with ${answer.statusCode}`);
    return (JSON.parse(body) as { release: string }).release;
  }
}

/** The whole text of an answer that comes bit by bit. */
export async function download(url: string, chunks: number): Promise<string> {
  const { answer } = await ask(`${url}/download?chunks=${chunks}`);
  return textOf(answer);
}

async function ask(url: string, agent?: Agent): Promise<{ asked: ClientRequest; answer: IncomingMessage }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ asked: ClientRequest; answer: IncomingMessage }>();
  const asked = request(url, agent ? { agent } : {});
  asked.on("error", reject);
  asked.on("response", (answer) => resolve({ asked, answer }));
  asked.end();
  return promise;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of answer.setEncoding("utf8")) text += chunk;
  return text;
}
