import { connect, createServer, type Server, type Socket } from "node:net";
import type { InitAnswer, InitRequest } from "./init-config.ts";
import { readJsonLine, writeJsonLine } from "./json-lines.ts";

/** What init can do for whoever asks on its socket. */
export interface InitActions {
  /** Where connections to a port of the machine go; undefined when nothing can listen there. */
  target(port: number): { host: string; port: number } | undefined;
  systemctl(args: string[]): Promise<InitAnswer>;
  /** Runs a script until it ends, the limit is reached, or whoever asked has gone. */
  run(script: string, limitSeconds: number | undefined, gone: AbortSignal): Promise<InitAnswer>;
  shutDown(): Promise<void>;
}

/** Serves init's socket: the host's way into the machine, and its systemctl's way to the service manager. */
export function serveInit(socketPath: string, actions: InitActions): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    void serve(socket, actions).catch(() => socket.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, () => resolve(server));
  });
}

async function serve(socket: Socket, actions: InitActions): Promise<void> {
  const request = await readJsonLine<InitRequest>(socket);
  if ("connect" in request) {
    relay(socket, actions.target(request.connect), request.connect);
    return;
  }
  if ("systemctl" in request) writeJsonLine(socket, await actions.systemctl(request.systemctl));
  else if ("run" in request) {
    const gone = new AbortController();
    for (const event of ["end", "close"]) socket.once(event, () => gone.abort());
    socket.resume();
    writeJsonLine(socket, await actions.run(request.run, request.limitSeconds, gone.signal));
  } else {
    await actions.shutDown();
    writeJsonLine(socket, { ok: true } satisfies InitAnswer);
  }
  socket.end();
}

function relay(socket: Socket, target: { host: string; port: number } | undefined, port: number): void {
  const refuse = (code: string) => {
    writeJsonLine(socket, { error: `connect ${code} to port ${port}`, code } satisfies InitAnswer);
    socket.end();
  };
  if (!target) {
    refuse("ECONNREFUSED");
    return;
  }
  const program = connect({ ...target, allowHalfOpen: true, noDelay: true });
  program.once("error", (error: NodeJS.ErrnoException) => refuse(error.code ?? "ECONNREFUSED"));
  program.once("connect", () => {
    program.removeAllListeners("error");
    writeJsonLine(socket, { ok: true } satisfies InitAnswer);
    join(socket, program);
    join(program, socket);
  });
  socket.once("close", () => program.destroy());
}

/** Everything one side says goes to the other; an end is passed on, a broken side breaks both. */
function join(from: Socket, to: Socket): void {
  from.pipe(to);
  from.on("error", () => to.destroy());
  from.on("close", () => {
    if (!from.readableEnded) to.destroy();
  });
}
