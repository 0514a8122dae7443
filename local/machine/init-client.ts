import { connect, type Socket } from "node:net";
import type { InitAnswer, InitRequest } from "./init-config.ts";
import { readJsonLine, writeJsonLine } from "./json-lines.ts";

/**
 * Sends init one request and returns its answer. Aborted, it hangs up, and init ends what it was doing for the request.
 * @throws when init cannot be reached.
 */
export async function askInit(socketPath: string, request: InitRequest, signal?: AbortSignal): Promise<InitAnswer> {
  const socket = await open(socketPath);
  const hangUp = () => socket.destroy(new Error("the request was cancelled"));
  if (signal?.aborted) hangUp();
  signal?.addEventListener("abort", hangUp);
  try {
    writeJsonLine(socket, request);
    return await readJsonLine<InitAnswer>(socket);
  } finally {
    signal?.removeEventListener("abort", hangUp);
    socket.destroy();
  }
}

/**
 * Opens a connection to a port of the machine through its init.
 * @throws an error with the `code` of what went wrong: ECONNREFUSED, EHOSTUNREACH.
 */
export async function connectThroughInit(socketPath: string, port: number): Promise<Socket> {
  const socket = await open(socketPath);
  try {
    writeJsonLine(socket, { connect: port });
    const answer = await readJsonLine<InitAnswer>(socket);
    if ("error" in answer) throw Object.assign(new Error(answer.error), { code: answer.code });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function open(socketPath: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: socketPath, allowHalfOpen: true });
    socket.once("error", (error) => reject(Object.assign(new Error(error.message), { code: "EHOSTUNREACH" })));
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}
