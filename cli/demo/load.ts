import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { LoadOptions } from "./load-client.ts";
import { type LoadCounts, noLoad } from "./load-counts.ts";

/** How long the last requests may take after `stop`, in milliseconds; longer than any answer is waited for. */
const stopPatienceMs = 20_000;

/** Load made by a process of its own. */
export class Load {
  counts: LoadCounts = noLoad;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(options: LoadOptions) {
    const file = fileURLToPath(new URL("./load-generator.ts", import.meta.url));
    this.#child = fork(file, [JSON.stringify(options)], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#child.on("message", (message: { done: boolean; counts: LoadCounts }) => {
      this.counts = message.counts;
      if (message.done) this.#child.disconnect();
    });
    this.#ended = new Promise((resolve) => this.#child.once("exit", () => resolve()));
  }

  /** Ends the load, waits for the answers under way, and returns the final counts. */
  async stop(): Promise<LoadCounts> {
    if (this.#child.connected) this.#child.send("stop");
    const impatient = setTimeout(() => this.#child.kill("SIGKILL"), stopPatienceMs);
    await this.#ended;
    clearTimeout(impatient);
    return this.counts;
  }
}
