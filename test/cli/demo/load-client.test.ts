import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { LoadClient } from "../../../cli/demo/load-client.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener) {
  const connections = new Set<unknown>();
  server = createServer(listener).on("connection", (socket) => connections.add(socket));
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections };
}

const answer = (release: string) => JSON.stringify({ release, version: "1.0.0" });
const shape = { connections: 4, perSecond: 400, seconds: 60, slowEvery: 0, slowPath: "/slow" };

/** Runs until the server has answered so often, then stops. */
async function load(count: number, respond: RequestListener, options: Partial<typeof shape> = {}) {
  let seen = 0;
  let client: LoadClient | undefined;
  const { url, connections } = await serve((request, response) => {
    seen += 1;
    if (seen === count) client?.stop();
    respond(request, response);
  });
  client = new LoadClient({ url, ...shape, ...options });
  await client.run();
  return { counts: client.tally.counts(), seen, connections: connections.size };
}

test("asks over a few connections that stay open, and counts which release answered", async () => {
  const { counts, seen, connections } = await load(40, (_request, response) => response.end(answer("web-000001")));
  expect(counts).toMatchObject({ requests: seen, failed: 0, byStatus: { 200: seen }, lastRelease: "web-000001" });
  expect(counts.byRelease).toEqual({ "web-000001": seen });
  expect(connections).toBe(4);
});

test("counts another status, a broken connection and an answer of nobody as failed", async () => {
  let turn = 0;
  const { counts } = await load(8, (request, response) => {
    turn += 1;
    if (turn === 1) response.writeHead(503).end("no service here");
    else if (turn === 2) request.socket.destroy();
    else if (turn === 3) response.end("hello");
    else response.end(answer("web-000002"));
  });
  expect(counts.failed).toBe(3);
  expect(counts.byStatus).toMatchObject({ 503: 1, none: 1 });
  expect(counts.failures).toHaveLength(3);
  expect(counts.failures.join()).toMatch(/status 503: no service here.*ECONNRESET|ECONNRESET.*status 503/);
});

test("sends every so many requests to the slow path, and waits for it at the end", async () => {
  const paths: string[] = [];
  const { counts, seen } = await load(
    10,
    (request, response) => {
      paths.push(request.url ?? "");
      setImmediate(() => response.end(answer("web-000001")));
    },
    { connections: 1, slowEvery: 5 },
  );
  expect(counts).toMatchObject({ requests: seen, failed: 0 });
  expect(paths.filter((path) => path === "/slow")).toHaveLength(2);
});

test("ends by itself when its time is over", async () => {
  const { url } = await serve((_request, response) => response.end(answer("web-000001")));
  const client = new LoadClient({ url, ...shape, connections: 1, perSecond: 100, seconds: 1 });
  await client.run();
  const { requests } = client.tally.counts();
  // 100 a second for one second, and never more than that.
  expect(requests).toBeGreaterThan(1);
  expect(requests).toBeLessThanOrEqual(101);
});

test.each([
  { url: "http://example.com/" },
  { url: "http://127.0.0.1.example.com/" },
  { url: "https://127.0.0.1/" },
  { perSecond: 100_000 },
  { connections: 0 },
  { seconds: 86_400 },
])("refuses to make load with %j", (options) => {
  expect(() => new LoadClient({ url: "http://127.0.0.1:1", ...shape, ...options })).toThrow(RangeError);
});
