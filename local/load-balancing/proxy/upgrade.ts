import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Counts } from "./counts.ts";
import { towardsClient } from "./headers.ts";
import { errorPage } from "./own-answers.ts";
import { TargetConnectionError } from "./target-connections.ts";

/** A request to change the protocol of its connection, such as WebSocket's. */
export interface Upgrade {
  request: IncomingMessage;
  client: Duplex;
  /** Bytes that arrived behind the request. */
  head: Buffer;
  /** A connection of its own: it is never used again. */
  open: () => Promise<Duplex>;
  headers: string[];
  cookies: readonly string[];
  balancerArn: string;
  groupArn: string;
  /** Real milliseconds without a byte in either direction. */
  idleMs: number;
  counts: Counts;
  ended: () => void;
}

/**
 * Takes an upgrade to its target and, once the target agrees, passes bytes both ways until either side ends.
 * @returns A function that ends it at once.
 */
export function forwardUpgrade(upgrade: Upgrade): () => void {
  const { client, counts, balancerArn, groupArn } = upgrade;
  let target: Duplex | undefined;
  const idle = setTimeout(() => end(), upgrade.idleMs);

  function end(): void {
    clearTimeout(idle);
    target?.destroy();
    client.destroy();
  }

  client.on("error", end);
  client.on("close", () => {
    end();
    upgrade.ended();
  });
  upgrade.open().then(
    (stream) => {
      target = stream;
      stream.on("close", end);
      if (client.destroyed) stream.destroy();
      else ask(upgrade, stream, () => void idle.refresh());
    },
    (error: unknown) => {
      counts.connectionError(balancerArn, groupArn);
      refuseUpgrade(client, error instanceof TargetConnectionError && error.timedOut ? 504 : 502);
      counts.ownError(balancerArn);
    },
  );
  return end;
}

/** Answers an upgrade with an error of the load balancer's own. */
export function refuseUpgrade(client: Duplex, status: 501 | 502 | 503 | 504, detail?: string): void {
  const body = errorPage(status, detail);
  const head = [`HTTP/1.1 ${body.match(/<h1>(.*?)<\/h1>/)?.[1]}`, "Server: awselb/2.0", "Content-Type: text/html"];
  client.end([...head, `Content-Length: ${Buffer.byteLength(body)}`, "Connection: close", "", body].join("\r\n"));
}

function ask(upgrade: Upgrade, stream: Duplex, moved: () => void): void {
  const { request, client, counts, balancerArn, groupArn } = upgrade;
  const startedMs = performance.now();
  const answered = (status: number) =>
    counts.answer(balancerArn, groupArn, status, (performance.now() - startedMs) / 1000);
  const outgoing = httpRequest({
    createConnection: () => stream,
    method: request.method,
    path: request.url,
    headers: [...upgrade.headers, "Connection", "Upgrade", "Upgrade", request.headers.upgrade ?? ""],
  });
  outgoing.on("upgrade", (answer, socket, head) => {
    answered(101);
    const headers = [...towardsClient(answer, upgrade.cookies), "Connection", "Upgrade"];
    client.write(headOf(answer, [...headers, "Upgrade", answer.headers.upgrade ?? ""]));
    if (head.length > 0) client.write(head);
    if (upgrade.head.length > 0) socket.write(upgrade.head);
    for (const side of [client, socket]) side.on("data", moved);
    socket.pipe(client);
    client.pipe(socket);
  });
  outgoing.on("response", (answer) => {
    // The target declined: its answer goes back and the connection ends with it.
    answered(answer.statusCode ?? 0);
    client.write(headOf(answer, [...towardsClient(answer, upgrade.cookies), "Connection", "close"]));
    answer.pipe(client);
  });
  outgoing.on("error", () => {
    counts.ownError(balancerArn);
    refuseUpgrade(client, 502);
  });
  outgoing.end();
}

function headOf({ statusCode, statusMessage }: IncomingMessage, headers: readonly string[]): string {
  let text = `HTTP/1.1 ${statusCode} ${statusMessage}\r\n`;
  for (let index = 0; index < headers.length; index += 2) text += `${headers[index]}: ${headers[index + 1]}\r\n`;
  return `${text}\r\n`;
}
