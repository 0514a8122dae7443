import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A line to a server that lets so many bytes of each connection through, and then nothing more. */
export class StallingLine {
  readonly endpoint: string;
  readonly #close: () => Promise<void>;

  private constructor(endpoint: string, close: () => Promise<void>) {
    this.endpoint = endpoint;
    this.#close = close;
  }

  /** @param endpoint Where it leads, an `http:` URL on the loopback interface. */
  static async to(endpoint: string, bytesOfEach: number): Promise<StallingLine> {
    const open = new Set<Socket>();
    const server = createServer((near) => {
      const far = connect(Number(new URL(endpoint).port), "127.0.0.1");
      for (const socket of [near, far]) {
        open.add(socket);
        // Whoever goes away takes the other end along; a killed client leaves no goodbye.
        socket.on("error", () => socket.destroy()).on("close", () => (socket === near ? far : near).destroy());
      }
      let passed = 0;
      near.on("data", (bytes) => {
        passed += bytes.length;
        if (passed > bytesOfEach) near.pause();
        else far.write(bytes);
      });
      far.pipe(near);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the line has no port");
    return new StallingLine(`http://127.0.0.1:${address.port}`, async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    });
  }

  close(): Promise<void> {
    return this.#close();
  }
}
