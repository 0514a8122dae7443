import { createServer } from "node:net";
import { join } from "node:path";
import type { ConsoleLog } from "./console-log.ts";
import { enterRoot } from "./own-root.ts";
import type { ProcessGroups } from "./process-groups.ts";

/** What the parts of a machine's init share. */
export interface MachineContext {
  /** Directory that stands for the machine's "/". */
  root: string;
  /** What the machine's programs see before the paths of its files: nothing, or that directory. */
  seenRoot: string;
  console: ConsoleLog;
  groups: ProcessGroups;
  deathSignalCommand: string | undefined;
  /** A program's environment, fitted to where the machine's network is. */
  placed(environment: Record<string, string>): Record<string, string>;
}

/** Where a path that the machine's programs use is to init. */
export function pathOfHost({ root, seenRoot }: MachineContext, path: string): string {
  return seenRoot === root ? path : join(root, path);
}

/** The words of a program's start that let it see what it is to see, from a directory that it sees. */
export function placedCommand({ root, seenRoot }: MachineContext, directory: string, command: string[]): string[] {
  return seenRoot === root ? command : [...enterRoot(root, directory), ...command];
}

/**
 * Ports of a machine that shares the host's loopback. Each port its programs are told to listen on is another free one
 * of the host, so that many machines can all have port 8080.
 */
export class PortPlaces {
  readonly #places = new Map<number, number>();
  #spare: number[] = [];

  /** Reserves free ports beforehand, because a program's environment cannot wait for one. */
  async reserve(count: number): Promise<void> {
    const servers = await Promise.all(Array.from({ length: count }, listen));
    this.#spare = servers.map(({ port }) => port);
    await Promise.all(servers.map(({ close }) => close()));
  }

  /** The host's port for one of the machine's; the first request for it chooses. */
  placeFor(port: number): number {
    const known = this.#places.get(port);
    if (known !== undefined) return known;
    const place = this.#spare.pop();
    if (place === undefined) throw new Error("the machine's programs use more ports than were reserved");
    this.#places.set(port, place);
    return place;
  }

  /** Where connections to a port of the machine go; undefined when no program was given that port. */
  placeOf(port: number): number | undefined {
    return this.#places.get(port);
  }
}

function listen(): Promise<{ port: number; close: () => Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      resolve({ port, close: () => new Promise((done) => server.close(() => done())) });
    });
  });
}
