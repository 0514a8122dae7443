import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { handler } from "../../functions/probe.ts";

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    await once(server, "close");
  }
});

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

async function page(answer: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listening(createHttpServer(answer))}`;
}

const once200 = { path: "/health", status: 200, count: 1 };

describe("a probe", () => {
  it("asks as a client of the service would: its host name, and the header that leads to the candidate", async () => {
    let asked: IncomingMessage | undefined;
    const origin = await page((request, response) => {
      asked = request;
      response.end("fine");
    });
    const request = { origin, host: "shop.example.com", headers: { "x-kiln-trial": "secret" } };
    const report = await handler({ ...request, probes: [{ ...once200, contains: "fine" }] });
    expect(report.verdict).toBe("pass");
    expect(asked?.url).toBe("/health");
    expect(asked?.headers).toMatchObject({ host: "shop.example.com", "x-kiln-trial": "secret" });
  });

  it("asks a listener with TLS for the service's certificate, not for the load balancer's own name", async () => {
    const names: string[] = [];
    const port = await listening(
      createTlsServer({
        SNICallback: (name, give) => {
          names.push(name);
          give(new Error("no certificate"));
        },
      }),
    );
    const request = { origin: `https://127.0.0.1:${port}`, host: "shop.example.com", headers: {} };
    const report = await handler({ ...request, probes: [once200] });
    expect(names).toEqual(["shop.example.com"]);
    // A connection that does not come about is nobody's fault yet, and no pass.
    expect(report.verdict).toBe("inconclusive");
  });

  it("asks as often as it is told, and passes when enough of the answers are right", async () => {
    let asked = 0;
    const origin = await page((_, response) => {
      asked += 1;
      response.statusCode = asked === 2 ? 500 : 200;
      response.end();
    });
    const probe = { ...once200, count: 4, atLeast: 3 };
    const report = await handler({ origin, host: undefined, headers: {}, probes: [probe] });
    expect(asked).toBe(4);
    expect(report).toMatchObject({ verdict: "pass" });
    expect(report.samples.map(({ status }) => status)).toEqual([200, 500, 200, 200]);
  });

  it("fails on a page that is not what was wanted, and says what it got", async () => {
    const origin = await page((_, response) => response.end("an error page"));
    const probe = { ...once200, contains: "Welcome" };
    const report = await handler({ origin, host: undefined, headers: {}, probes: [probe] });
    expect(report).toMatchObject({ verdict: "fail", reason: expect.stringContaining('the body lacks "Welcome"') });
  });
});
