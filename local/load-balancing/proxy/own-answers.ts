import type { IncomingMessage, ServerResponse } from "node:http";
import type { Action } from "@aws-sdk/client-elastic-load-balancing-v2";

const titles: Readonly<Record<number, string>> = {
  501: "501 Not Implemented",
  502: "502 Bad Gateway",
  503: "503 Service Temporarily Unavailable",
  504: "504 Gateway Time-out",
};

/** An error the load balancer makes itself, in the form AWS gives it. */
export function errorPage(status: 501 | 502 | 503 | 504, detail?: string): string {
  const title = titles[status];
  const reason = detail === undefined ? "" : `<p>${detail}</p>\r\n`;
  return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n${reason}</body>\r\n</html>\r\n`;
}

/** Answers with an error of the load balancer's own; harmless once an answer has begun. */
export function answerError(response: ServerResponse, status: 501 | 502 | 503 | 504, detail?: string): void {
  if (response.headersSent || response.destroyed) return;
  const body = errorPage(status, detail);
  response.writeHead(status, {
    Server: "awselb/2.0",
    "Content-Type": "text/html",
    "Content-Length": Buffer.byteLength(body),
  });
  response.end(body);
}

/** Carries out a fixed-response or redirect action. */
export function answerAction(request: IncomingMessage, response: ServerResponse, action: Action, port: number): void {
  const fixed = action.FixedResponseConfig;
  if (fixed) {
    const body = fixed.MessageBody ?? "";
    const headers = {
      Server: "awselb/2.0",
      "Content-Type": fixed.ContentType ?? "text/plain",
      "Content-Length": Buffer.byteLength(body),
    };
    response.writeHead(Number(fixed.StatusCode), headers).end(body);
    return;
  }
  const Location = redirectLocation(request, action, port);
  const status = action.RedirectConfig?.StatusCode === "HTTP_301" ? 301 : 302;
  response.writeHead(status, { Server: "awselb/2.0", Location, "Content-Length": 0 }).end();
}

/** Fills the reserved keywords of a redirect with the parts of the request. */
function redirectLocation(request: IncomingMessage, action: Action, port: number): string {
  const [path = "/", query = ""] = (request.url ?? "/").split(/\?(.*)/s);
  const { Protocol = "", Port = "", Host = "", Path = "", Query = "" } = action.RedirectConfig ?? {};
  const protocol = Protocol.replace("#{protocol}", "HTTP").toLowerCase();
  const parts: Readonly<Record<string, string>> = {
    protocol,
    host: (request.headers.host ?? "").replace(/:\d+$/, ""),
    port: String(port),
    path: path.slice(1),
    query,
  };
  const filled = (text: string) =>
    text.replace(/#\{(protocol|host|port|path|query)\}/g, (_, name: string) => parts[name] ?? "");
  const filledPort = filled(Port);
  const standard = filledPort === (protocol === "https" ? "443" : "80");
  const filledQuery = filled(Query);
  return `${protocol}://${filled(Host)}${standard ? "" : `:${filledPort}`}${filled(Path)}${filledQuery === "" ? "" : `?${filledQuery}`}`;
}
