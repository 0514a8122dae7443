import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { Counts } from "./counts.ts";
import { towardsClient } from "./headers.ts";
import { answerError } from "./own-answers.ts";
import { TargetConnectionError, type TargetConnections } from "./target-connections.ts";

/** One request on its way to a target. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  connections: TargetConnections;
  headers: string[];
  cookies: readonly string[];
  balancerArn: string;
  groupArn: string;
  /** Silence on both sides after which it is given up. Real milliseconds, as programs compute in real time. */
  idleMs: number;
  counts: Counts;
  /** Called once when it is over, however it ended. */
  ended: () => void;
}

/**
 * Sends a request to its target and the answer back, streaming both ways. A target that cannot be reached, breaks off or
 * answers nonsense is a 502, one that stays silent a 504; once an answer has begun, the client's connection is cut.
 * @returns A function that ends it at once (its deregistration delay is over): a 502 if no answer has begun.
 */
export function forward(exchange: Exchange): () => void {
  const { request, response, counts, balancerArn, groupArn } = exchange;
  const startedMs = performance.now();
  const outgoing = httpRequest({
    agent: exchange.connections,
    method: request.method,
    path: request.url,
    headers: exchange.headers,
  });
  const idle = setTimeout(() => fail(504), exchange.idleMs);
  const moved = () => void idle.refresh();

  function fail(status: 502 | 504): void {
    outgoing.destroy();
    if (response.headersSent) {
      response.destroy();
      return;
    }
    counts.ownError(balancerArn);
    answerError(response, status);
  }

  outgoing.on("response", (answer) => {
    counts.answer(balancerArn, groupArn, answer.statusCode ?? 0, (performance.now() - startedMs) / 1000);
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, towardsClient(answer, exchange.cookies));
    answer.on("data", moved);
    // An answer cut short must not look complete to the client.
    answer.on("error", () => response.destroy());
    answer.pipe(response);
  });
  outgoing.on("error", (error) => {
    if (response.headersSent || response.destroyed) return;
    if (error instanceof TargetConnectionError) counts.connectionError(balancerArn, groupArn);
    fail(error instanceof TargetConnectionError && error.timedOut ? 504 : 502);
  });
  response.on("close", () => {
    clearTimeout(idle);
    // The client left before the end: nobody wants the rest.
    if (!response.writableFinished) outgoing.destroy();
    exchange.ended();
  });

  if (hasBody(request)) {
    request.on("data", moved);
    request.pipe(outgoing);
  } else {
    outgoing.end();
  }
  return () => fail(502);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}
