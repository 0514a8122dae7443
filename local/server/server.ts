import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Kernel } from "../core/kernel.ts";
import { parseTarget, type WireResponse } from "../wire/message.ts";
import type { CredentialSource } from "./authenticate.ts";
import { Gateway, type IncomingRequest } from "./gateway.ts";

/** Answers requests below a path of Kiln's own, beside AWS's APIs. */
export interface Page {
  /** For example `/_kiln/dashboard`. */
  prefix: string;
  handle(request: IncomingMessage, response: ServerResponse): void | Promise<void>;
}

export interface ServerOptions {
  /** 0 takes any free port. */
  port: number;
  pages?: readonly Page[];
}

export interface RunningServer {
  port: number;
  /** `http://127.0.0.1:<port>`. */
  url: string;
  /** Takes no more connections, lets running requests end for a moment, then cuts what is left. */
  close(): Promise<void>;
}

/** How long running requests may go on after `close`, in milliseconds; then their connections are cut. */
const closeGraceMs = 2_000;

/** Longer than the SDKs keep idle connections, so that it is they who close, never this side in the middle of a request. */
const keepAliveMs = 75_000;

/** Starts answering AWS requests on the loopback interface, and nowhere else. */
export async function startServer(
  kernel: Kernel,
  credentials: CredentialSource,
  options: ServerOptions,
): Promise<RunningServer> {
  const gateway = new Gateway(kernel, credentials);
  const pages = [healthPage(kernel), ...(options.pages ?? [])];
  const server = createServer({ keepAliveTimeout: keepAliveMs, requestTimeout: 0 }, (request, response) => {
    void serve(kernel, gateway, pages, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : options.port;
  return { port, url: `http://127.0.0.1:${port}`, close: () => close(server) };
}

async function serve(
  kernel: Kernel,
  gateway: Gateway,
  pages: readonly Page[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const page = pages.find(({ prefix }) => (request.url ?? "").startsWith(prefix));
    if (page) await page.handle(request, response);
    else await write(request, response, await gateway.answer(incoming(request)));
  } catch (error) {
    // Once an answer has begun, cutting the connection is the only way to say that it is not whole.
    if (!isClientGone(error)) {
      kernel.settings.log(
        `${request.method} ${request.url} was cut: ${error instanceof Error ? error.message : error}`,
      );
    }
    response.destroy();
  }
  request.resume();
}

function isClientGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE";
}

function incoming(request: IncomingMessage): IncomingRequest {
  const target = request.url ?? "/";
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) headers[name] = values?.join(",") ?? "";
  const hasBody = request.headers["content-length"] !== "0" && hasBodyHeaders(request);
  return {
    method: request.method ?? "GET",
    target,
    ...parseTarget(target),
    headers,
    body: hasBody ? request.iterator({ destroyOnReturn: false }) : new Uint8Array(),
    sourceIp: request.socket.remoteAddress ?? "127.0.0.1",
  };
}

function hasBodyHeaders(request: IncomingMessage): boolean {
  return request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined;
}

async function write(request: IncomingMessage, response: ServerResponse, answer: WireResponse): Promise<void> {
  const { status, headers, body } = answer;
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (request.method === "HEAD" || body === undefined || status === 204 || status === 304) {
    if (request.method !== "HEAD" && status !== 204 && status !== 304) response.setHeader("content-length", 0);
    response.end();
  } else if (typeof body === "string" || body instanceof Uint8Array) {
    response.setHeader("content-length", Buffer.byteLength(body));
    response.end(body);
  } else {
    await pipeline(Readable.from(body, { objectMode: false }), response);
  }
}

function healthPage(kernel: Kernel): Page {
  return {
    prefix: "/_kiln/health",
    handle(_request, response) {
      const services = Object.fromEntries(
        kernel.services().map(({ id, operations }) => [id, Object.keys(operations).length]),
      );
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ status: "ok", region: kernel.settings.region, services }));
    },
  };
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), closeGraceMs);
  await closed;
  clearTimeout(cut);
}
