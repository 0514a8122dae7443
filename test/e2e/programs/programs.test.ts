import { cpSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectDirectory } from "../../../cli/kiln-directory.ts";
import { programDirectory } from "../../../scripts/programs/program-directory.ts";
import type { Ended } from "../support/executions.ts";
import { until } from "../support/until.ts";
import { webSocketEcho } from "../support/web-socket.ts";
import { openWorld, type World } from "../support/world.ts";
import {
  askProgram,
  deployProgram,
  type Packing,
  type ProgramAnswer,
  pushZippedLayer,
} from "./support/deployed-program.ts";

/** Deploys under way at once: they mostly wait. */
const atOnce = 3;

let world: World;
const deploys = new Map<string, Promise<Ended>>();

interface Program {
  name: string;
  packing: Packing;
  what: string;
  /** What it is asked, and what its answer must be. */
  path: string;
  body?: object;
  /** By which name it is asked; left out, the one its spec routes. */
  host?: string;
  expect: (answer: ProgramAnswer) => void;
}

const says = (text: string) => (answer: ProgramAnswer) => expect(answer.body.toString("utf8")).toContain(text);

const programs: Program[] = [
  {
    name: "http-server",
    packing: "tar.gz",
    what: "a static site behind http-server",
    path: "/",
    expect: says("Served by http-server."),
  },
  { name: "serve", packing: "zip", what: "a static site behind serve", path: "/", expect: says("Served by serve.") },
  {
    name: "json-server",
    packing: "zip",
    what: "json-server",
    path: "/posts/1",
    expect: ({ body }) => expect(JSON.parse(body.toString())).toEqual({ id: 1, title: "Clay that has been fired" }),
  },
  {
    name: "fastify",
    packing: "tar.gz",
    what: "a program on fastify",
    path: "/hello/potter",
    expect: ({ body }) => expect(JSON.parse(body.toString())).toEqual({ hello: "potter" }),
  },
  {
    name: "express",
    packing: "zip",
    what: "a program on express",
    path: "/sum",
    body: { a: 40, b: 2 },
    expect: ({ body }) => expect(JSON.parse(body.toString())).toEqual({ sum: 42 }),
  },
  {
    name: "verdaccio",
    packing: "tar.gz",
    what: "verdaccio, with three hundred packages under it",
    path: "/-/v1/search?text=kiln",
    expect: ({ body }) => expect(JSON.parse(body.toString())).toMatchObject({ objects: [] }),
  },
  {
    name: "sharp",
    packing: "zip",
    what: "sharp, with its native binaries",
    path: "/",
    expect: ({ type, body }) => {
      expect(type).toBe("image/png");
      // Width and height in the header chunk. Source: PNG specification, 11.2.2.
      expect([body.readUInt32BE(16), body.readUInt32BE(20)]).toEqual([16, 16]);
    },
  },
  {
    name: "python",
    packing: "zip",
    what: "Python's own server on a base that ships it, without layers",
    path: "/",
    expect: says("Served by python."),
  },
  {
    name: "esbuild",
    packing: "zip",
    what: "esbuild, a compiled program in a zipped layer",
    path: "/js/app.js",
    host: "127.0.0.1",
    expect: says("bundled on the way"),
  },
  {
    name: "workerd",
    packing: "zip",
    what: "workerd, a compiled program in the artifact, without layers",
    path: "/clay",
    expect: says("workerd answers /clay"),
  },
  { name: "websocket", packing: "tar.gz", what: "a program on ws", path: "/health", expect: says("ok") },
];

beforeAll(async () => {
  world = await openWorld({ timeFactor: 20 });
  await pushZippedLayer(world, "esbuild-0", esbuildLayer());
  const waiting = [...programs];
  const lane = async () => {
    for (let program = waiting.shift(); program; program = waiting.shift()) {
      const deploy = deployProgram(world, program.name, program.packing);
      settle.get(program.name)?.(deploy);
      await deploy.catch(() => undefined);
    }
  };
  for (let count = 0; count < atOnce; count++) void lane();
});
afterAll(async () => world?.close());

const settle = new Map<string, (deploy: Promise<Ended>) => void>();
for (const { name } of programs) deploys.set(name, new Promise((resolve) => settle.set(name, resolve)));

describe("a program that nobody here wrote goes live and answers", () => {
  it.each(programs)("$what, pushed as $packing", async ({ name, expect: expectAnswer, ...asked }) => {
    const ended = await deploys.get(name);
    expect(ended, ended?.cause).toMatchObject({ status: "SUCCEEDED" });
    expectAnswer(await answerOf(name, asked));
  });

  it("a WebSocket, through the load balancer", async () => {
    await deploys.get("websocket");
    await answerOf("websocket", { path: "/health" });
    expect(await webSocketEcho(world.embedded.serviceUrl(), "websocket.example.test", "clay")).toBe(
      "websocket-000001: clay",
    );
  });

  it("all of them at once, each under its own name", async () => {
    const each = () =>
      Promise.all(programs.map(({ name, ...asked }) => askProgram(world, { host: `${name}.example.test`, ...asked })));
    // Whichever node is asked: the last one to hear of a service's first rule follows some time after the others.
    for (let times = 0; times < 3; times++) {
      await until("all of them to answer", async () => (await each()).every(({ status }) => status === 200));
    }
    expect((await askProgram(world, { host: "nobody.example.test", path: "/" })).status).toBe(503);
  });
});

/** What a service answers once the load balancer's nodes have its first rule; until then the listener itself says 503. */
async function answerOf(name: string, asked: Pick<Program, "path" | "body" | "host">): Promise<ProgramAnswer> {
  const routed = await until(`an answer of ${name}`, async () => {
    const answer = await askProgram(world, { host: `${name}.example.test`, ...asked });
    return answer.status === 503 ? undefined : answer;
  });
  expect(routed.status).toBe(200);
  return routed;
}

/** A layer with nothing but the compiled program, from the package for this processor. */
function esbuildLayer(): string {
  const directory = join(world.directory, "esbuild-layer");
  const packages = join(
    programDirectory("esbuild", join(projectDirectory, ".kiln", "cache")),
    "node_modules",
    "@esbuild",
  );
  mkdirSync(join(directory, "bin"), { recursive: true });
  const binary = join(packages, `linux-${process.arch}`, "bin", "esbuild");
  if (!existsSync(binary)) throw new Error(`there is no esbuild for ${process.arch} in ${packages}`);
  cpSync(binary, join(directory, "bin", "esbuild"));
  return directory;
}
