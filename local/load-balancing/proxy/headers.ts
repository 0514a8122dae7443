import type { IncomingMessage } from "node:http";

/** Headers that concern one connection only (RFC 9110, 7.6.1), plus Expect, which the proxy answers itself. */
const hopByHop = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** How a load balancer changes requests, as its attributes and the listener say. */
export interface ForwardingSettings {
  listenerPort: number;
  preserveHost: boolean;
  forwardedFor: "append" | "preserve" | "remove";
  clientPort: boolean;
  dropInvalid: boolean;
  traceId: () => string;
}

/**
 * Headers for the target, as a flat list of names and values that keeps order, case and repetition.
 * Source: "HTTP headers and Application Load Balancers".
 */
export function towardsTarget(request: IncomingMessage, settings: ForwardingSettings): string[] {
  const { rawHeaders, headers, socket } = request;
  const dropped = connectionNamed(headers.connection);
  const out: string[] = [];
  let trace: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    const value = rawHeaders[index + 1] ?? "";
    const lower = name.toLowerCase();
    if (hopByHop.has(lower) || dropped?.has(lower)) continue;
    if (lower === "x-forwarded-proto" || lower === "x-forwarded-port") continue;
    if (lower === "x-forwarded-for" && settings.forwardedFor !== "preserve") continue;
    if (lower === "x-amzn-trace-id") {
      trace = value;
      continue;
    }
    if (settings.dropInvalid && !/^[A-Za-z0-9-]+$/.test(name)) continue;
    out.push(name, lower === "host" && !settings.preserveHost ? withPort(value, settings.listenerPort) : value);
  }
  if (headers["transfer-encoding"] !== undefined) out.push("Transfer-Encoding", "chunked");
  if (settings.forwardedFor === "append") {
    const before = headers["x-forwarded-for"];
    const client = settings.clientPort ? `${socket.remoteAddress}:${socket.remotePort}` : (socket.remoteAddress ?? "");
    out.push("X-Forwarded-For", before === undefined ? client : `${before}, ${client}`);
  }
  out.push("X-Forwarded-Proto", "http", "X-Forwarded-Port", String(settings.listenerPort));
  out.push("X-Amzn-Trace-Id", traced(trace, settings.traceId));
  return out;
}

/** Headers for the client: everything but what concerned the connection to the target, plus the proxy's cookies. */
export function towardsClient(answer: IncomingMessage, cookies: readonly string[]): string[] {
  const { rawHeaders, headers } = answer;
  const dropped = connectionNamed(headers.connection);
  const out: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower) && !dropped?.has(lower)) out.push(name, rawHeaders[index + 1] ?? "");
  }
  for (const cookie of cookies) out.push("Set-Cookie", cookie);
  return out;
}

/** Names that a Connection header adds to the list; most requests have none but `keep-alive`. */
function connectionNamed(value: string | undefined): Set<string> | undefined {
  if (value === undefined || value === "keep-alive" || value === "close") return undefined;
  return new Set(value.split(",").map((name) => name.trim().toLowerCase()));
}

/** By default a load balancer adds its port to a Host header without one, unless it is the protocol's own. */
function withPort(host: string, port: number): string {
  return port === 80 || /:\d+$/.test(host) ? host : `${host}:${port}`;
}

/** A new Root, or this hop's Self before what came in. Source: "Request tracing for your Application Load Balancer". */
function traced(before: string | undefined, traceId: () => string): string {
  if (before === undefined) return `Root=${traceId()}`;
  return before.includes("Root=") ? `Self=${traceId()};${before}` : `Root=${traceId()};${before}`;
}

/** The value of a cookie in a Cookie header, or undefined. */
export function cookieIn(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  for (const part of header.split(";")) {
    const equals = part.indexOf("=");
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim();
  }
  return undefined;
}
