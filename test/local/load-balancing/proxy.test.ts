import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { Action } from "@aws-sdk/client-elastic-load-balancing-v2";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { proxyTraffic } from "../../../local/load-balancing/proxy/proxy-traffic.ts";
import { fixed, forwardTo, path, World } from "./world.ts";

type Program = (request: IncomingMessage, response: ServerResponse) => void;

const servers: { close: () => void }[] = [];
/** Real port of the program on each instance; an instance without one refuses connections. */
const ports = new Map<string, number>();
let connections: number;
let world: World;
let balancer: string;
let group: string;
let agent: Agent;

function connect(instanceId: string): Promise<Duplex> {
  const port = ports.get(instanceId);
  if (port === undefined) return Promise.reject(new Error("connection refused"));
  connections += 1;
  return new Promise((resolve, reject) => {
    const socket = connectTcp(port, "127.0.0.1", () => resolve(socket));
    socket.once("error", reject);
  });
}

async function run(instanceId: string, program: Program): Promise<Server> {
  const server = createServer(program).listen(0, "127.0.0.1");
  await once(server, "listening");
  servers.push({
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  });
  ports.set(instanceId, (server.address() as AddressInfo).port);
  return server;
}

async function runRaw(instanceId: string, speak: (socket: Socket) => void): Promise<void> {
  const server = createTcpServer(speak).listen(0, "127.0.0.1");
  await once(server, "listening");
  servers.push(server);
  ports.set(instanceId, (server.address() as AddressInfo).port);
}

/** Opens a listener with these actions and waits until it answers; returns its port. */
async function listen(actions: Action[]): Promise<{ port: number; listener: string }> {
  const listener = await world.listener(balancer, actions, 18_080);
  while (world.service.endpoints().length === 0) await new Promise((resolve) => setImmediate(resolve));
  return { listener, port: Number(new URL(world.service.endpoints()[0]?.url ?? "").port) };
}

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: string;
}

async function ask(
  port: number,
  options: { path?: string; method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { body = "", ...rest } = options;
  const request = httpRequest({ host: "127.0.0.1", port, agent, ...rest });
  request.end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const text = (await response.setEncoding("utf8").toArray()).join("");
  return { status: response.statusCode ?? 0, headers: response.headers, body: text };
}

async function addTargets(...ids: string[]): Promise<void> {
  await world.register(group, ...ids);
  for (const id of ids) world.service.reportProbe(group, id, 8080, { kind: "answered", status: 200 });
}

beforeEach(async () => {
  connections = 0;
  agent = new Agent({ keepAlive: true });
  world = new World({ targetRegistrationSeconds: 3600 }, proxyTraffic(connect));
  await world.kernel.start();
  balancer = await world.balancer();
  group = await world.group("web");
});

afterEach(async () => {
  agent.destroy();
  await world.kernel.stop();
  for (const server of servers.splice(0)) server.close();
  ports.clear();
});

describe("the proxy", () => {
  it("passes a request on with the headers a load balancer adds, and the answer back", async () => {
    await run("i-00000001", (request, response) => {
      response.setHeader("X-Twice", ["a", "b"]);
      response.setHeader("Connection", "X-Private");
      response.setHeader("X-Private", "hop");
      response.end(JSON.stringify({ url: request.url, headers: request.headers }));
    });
    const { port } = await listen(forwardTo(group));
    await addTargets("i-00000001");
    const headers = { Host: "web.example.com", "X-Forwarded-For": "203.0.113.7", "X-Amzn-Trace-Id": "Root=1-abc" };
    const answer = await ask(port, { path: "/a?b=c", headers });
    const seen = JSON.parse(answer.body);
    expect(seen.url).toBe("/a?b=c");
    expect(seen.headers).toMatchObject({
      host: "web.example.com:18080",
      "x-forwarded-for": "203.0.113.7, 127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-port": "18080",
    });
    expect(seen.headers["x-amzn-trace-id"]).toMatch(/^Self=1-[0-9a-f]+-[0-9a-f]{24};Root=1-abc$/);
    expect(answer.headers["x-twice"]).toBe("a, b");
    expect(answer.headers["x-private"]).toBeUndefined();
  });

  it("streams a body both ways without waiting for its end", async () => {
    await run("i-00000001", (request, response) => {
      request.on("data", (chunk: Buffer) => response.write(chunk.toString().toUpperCase()));
      request.on("end", () => response.end("."));
    });
    const { port } = await listen(forwardTo(group));
    await addTargets("i-00000001");
    const request = httpRequest({ host: "127.0.0.1", port, agent, method: "POST" });
    request.write("one");
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.setEncoding("utf8");
    expect(await once(response, "data")).toEqual(["ONE"]);
    request.write("two");
    expect(await once(response, "data")).toEqual(["TWO"]);
    request.end();
    expect((await response.toArray()).join("")).toBe(".");
  });

  it("uses connections to a target again", async () => {
    await run("i-00000001", (_, response) => response.end("ok"));
    const { port } = await listen(forwardTo(group));
    await addTargets("i-00000001");
    for (let time = 0; time < 20; time++) expect((await ask(port)).status).toBe(200);
    expect(connections).toBe(1);
  });

  it("opens a new connection when the target closed an idle one", async () => {
    const server = await run("i-00000001", (_, response) => response.end("ok"));
    const { port } = await listen(forwardTo(group));
    await addTargets("i-00000001");
    await ask(port);
    server.closeIdleConnections();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await ask(port)).status).toBe(200);
    expect(connections).toBe(2);
  });

  it("answers 502 when nothing listens or the answer is nonsense, and counts the refusal", async () => {
    const { port } = await listen(forwardTo(group));
    await addTargets("i-00000001");
    expect((await ask(port)).status).toBe(502);
    await runRaw("i-00000001", (socket) => socket.end("this is not HTTP\r\n\r\n"));
    expect((await ask(port)).status).toBe(502);
    await runRaw("i-00000001", (socket) => socket.once("data", () => socket.destroy()));
    expect((await ask(port)).status).toBe(502);
    await world.clock.advance(60_000);
    const total = (name: string) =>
      world.recorded.find((one) => one.name === name && !("TargetGroup" in one.dimensions))?.value;
    expect(total("TargetConnectionErrorCount")).toBe(1);
    expect(total("HTTPCode_ELB_5XX_Count")).toBe(3);
  });

  it("cuts the client off when a target breaks off in the middle of its answer", async () => {
    await runRaw("i-00000001", (socket) =>
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", () => socket.destroy());
      }),
    );
    const { port } = await listen(forwardTo(group));
    await addTargets("i-00000001");
    await expect(ask(port)).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  it("answers 504 when a target stays silent longer than the idle time-out", async () => {
    await run("i-00000001", () => undefined);
    const { port } = await listen(forwardTo(group));
    await addTargets("i-00000001");
    const Attributes = [{ Key: "idle_timeout.timeout_seconds", Value: "1" }];
    await world.call("ModifyLoadBalancerAttributes", { LoadBalancerArn: balancer, Attributes });
    expect((await ask(port)).status).toBe(504);
  });

  it("answers 503 without targets, and by itself for fixed responses and redirects", async () => {
    const { port, listener } = await listen(forwardTo(group));
    expect((await ask(port)).status).toBe(503);
    await world.rule(listener, 1, [path("/fixed")], fixed("418", "short and stout"));
    const RedirectConfig = {
      StatusCode: "HTTP_301" as const,
      Host: "new.example.com",
      Path: "/to/#{path}",
      Port: "80",
    };
    await world.rule(listener, 2, [path("/old")], [{ Type: "redirect", RedirectConfig }]);
    expect(await ask(port, { path: "/fixed" })).toMatchObject({ status: 418, body: "short and stout" });
    const redirected = await ask(port, { path: "/old?x=1" });
    expect(redirected).toMatchObject({ status: 301, headers: { location: "http://new.example.com/to/old?x=1" } });
  });

  it("names an action it has no data plane for", async () => {
    const oidc = { Type: "authenticate-oidc" as const, Order: 1 };
    const { port } = await listen([oidc, { ...(forwardTo(group)[0] as Action), Order: 2 }]);
    const answer = await ask(port);
    expect(answer.status).toBe(501);
    expect(answer.body).toContain("authenticate-oidc");
  });

  it("takes the next free port when the wanted one is taken, and says which", async () => {
    const blocker = createTcpServer().listen(18_080, "127.0.0.1");
    await once(blocker, "listening");
    servers.push(blocker);
    const { port } = await listen(fixed("200"));
    expect(port).toBeGreaterThan(18_080);
    expect((await ask(port)).status).toBe(200);
  });

  it("carries WebSocket-like upgrades both ways", async () => {
    const server = await run("i-00000001", (_, response) => response.writeHead(426).end("upgrade, please"));
    server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${request.headers.upgrade}\r\nConnection: Upgrade\r\n\r\n`,
      );
      socket.on("data", (chunk: Buffer) => socket.write(`echo ${chunk}`));
      servers.push({ close: () => socket.destroy() });
    });
    const { port } = await listen(forwardTo(group));
    await addTargets("i-00000001");
    const request = httpRequest({ host: "127.0.0.1", port, headers: { Connection: "Upgrade", Upgrade: "websocket" } });
    request.end();
    const [response, socket] = (await once(request, "upgrade")) as [IncomingMessage, Socket];
    expect(response.headers.upgrade).toBe("websocket");
    socket.write("hello");
    expect(String((await once(socket, "data"))[0])).toBe("echo hello");
    socket.destroy();
  });
});

describe("draining", () => {
  // Semantic: ELBv2: draining. Source: Application Load Balancers guide, "Deregistration delay".
  it("lets a request in flight end on the old target while new ones go elsewhere", async () => {
    let finish = () => {};
    await run("i-00000001", (_, response) => {
      response.write("old ");
      finish = () => response.end("done");
    });
    await run("i-00000002", (_, response) => response.end("new"));
    const { port } = await listen(forwardTo(group));
    await addTargets("i-00000001");
    const slow = ask(port);
    while (connections === 0) await new Promise((resolve) => setImmediate(resolve));
    await addTargets("i-00000002");
    await world.call("DeregisterTargets", { TargetGroupArn: group, Targets: [{ Id: "i-00000001" }] });
    for (let time = 0; time < 5; time++) expect((await ask(port)).body).toBe("new");
    finish();
    expect(await slow).toMatchObject({ status: 200, body: "old done" });
  });

  describe("when the delay is over", () => {
    const delaySeconds = 1;
    let slow: ReturnType<typeof ask>;
    let answer: () => void;

    beforeEach(async () => {
      await run("i-00000001", (_, response) => {
        answer = () => response.end("done");
      });
      const { port } = await listen(forwardTo(group));
      await addTargets("i-00000001");
      const Attributes = [{ Key: "deregistration_delay.timeout_seconds", Value: String(delaySeconds) }];
      await world.call("ModifyTargetGroupAttributes", { TargetGroupArn: group, Attributes });
      slow = ask(port);
      while (connections === 0) await new Promise((resolve) => setImmediate(resolve));
      await world.call("DeregisterTargets", { TargetGroupArn: group, Targets: [{ Id: "i-00000001" }] });
      await world.clock.advance(delaySeconds * 1000);
      expect(await world.health(group)).toEqual([]);
    });

    it("cuts what has been in flight for as long, in real time", async () => {
      expect((await slow).status).toBe(502);
    });

    it("still lets a request end that had less, for its program computes in real time", async () => {
      answer();
      expect(await slow).toMatchObject({ status: 200, body: "done" });
    });
  });
});

describe("after a restart", () => {
  /** Stops the cloud, lets something happen, and starts it again in the same directory; returns where its listener is. */
  async function restart(meanwhile: (port: number) => Promise<void> = async () => {}) {
    const directory = await mkdtemp(join(tmpdir(), "balancing-"));
    servers.push({ close: () => rmSync(directory, { recursive: true }) });
    await run("i-00000001", (_, response) => response.end("still here"));
    const delays = { targetRegistrationSeconds: 3600 };
    world = new World(delays, proxyTraffic(connect), directory);
    await world.kernel.start();
    balancer = await world.balancer();
    group = await world.group("web");
    const { port } = await listen(forwardTo(group));
    await addTargets("i-00000001");
    await world.call("DescribeTargetGroups", {});
    const now = world.clock.now();
    await world.kernel.stop();
    await meanwhile(port);
    world = new World(delays, proxyTraffic(connect), directory, now);
    await world.kernel.start();
    return { before: port };
  }

  const listenerPorts = () => world.service.endpoints().map(({ url }) => Number(new URL(url).port));

  it("the listener is back on its port, with its rules and the health of its targets", async () => {
    const { before } = await restart();
    await vi.waitFor(async () => expect((await ask(before)).body).toBe("still here"));
    expect(listenerPorts()).toEqual([before]);
  });

  it("the listener is on the next free port when another program has taken its own", async () => {
    const { before } = await restart(async (port) => {
      const other = createTcpServer((socket) => socket.end("not yours")).listen(port, "127.0.0.1");
      await once(other, "listening");
      servers.push(other);
    });
    await vi.waitFor(() => expect(listenerPorts()).not.toEqual([before]));
    const [instead = 0] = listenerPorts();
    expect((await ask(instead)).body).toBe("still here");
  });
});

describe("health checks over real sockets", () => {
  it("tell answers, refusals and silence apart", async () => {
    const traffic = proxyTraffic(connect)({} as never);
    const probe = (instanceId: string) =>
      traffic.probe({ instanceId, port: 8080, path: "/health", timeoutSeconds: 0.1 });
    await run("i-00000001", (request, response) => response.writeHead(request.url === "/health" ? 204 : 404).end());
    await run("i-00000002", () => undefined);
    expect(await probe("i-00000001")).toEqual({ kind: "answered", status: 204 });
    expect(await probe("i-00000002")).toEqual({ kind: "timed-out" });
    expect(await probe("i-00000003")).toEqual({ kind: "failed" });
  });
});
