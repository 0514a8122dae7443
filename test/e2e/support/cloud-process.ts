import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connectTo } from "../../../cli/aws/connection.ts";
import { openStage } from "../../../cli/aws/stage.ts";
import { projectDirectory } from "../../../cli/kiln-directory.ts";
import { outputTo } from "../../../cli/output.ts";
import type { Place } from "./visitor.ts";
import { stageName } from "./world.ts";

/** Real time from the start of the command until it says where the cloud is. Unit: milliseconds. */
const startPatienceMs = 240_000;

/** The embedded cloud as a person starts it, `kiln up`, in a process that a test can kill. */
export class CloudProcess {
  readonly place: Place;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  private constructor(child: ChildProcess, ended: Promise<void>, place: Place) {
    this.#child = child;
    this.#ended = ended;
    this.place = place;
  }

  /** Starts it in a directory; one that was used before goes on from where it was left. */
  static async start(directory: string, timeFactor: number): Promise<CloudProcess> {
    const { child, ended } = kilnUp(directory, timeFactor);
    try {
      const { endpoint, services } = await places(child);
      const stage = await openStage(connectTo(endpoint), stageName);
      const output = outputTo({ stdout: { write() {} }, stderr: { write() {} } }, false);
      return new CloudProcess(child, ended, { stage, serviceUrl: () => services, output });
    } catch (error) {
      child.kill("SIGKILL");
      await ended;
      throw error;
    }
  }

  /** Starts it, and cuts its power so many real milliseconds later, wherever in its start it is by then. */
  static async startInVain(directory: string, timeFactor: number, afterMs: number): Promise<void> {
    const { child, ended } = kilnUp(directory, timeFactor);
    child.stderr?.resume();
    await delay(afterMs);
    child.kill("SIGKILL");
    await ended;
  }

  /** Ends it as a power cut would: nothing gets a last word. */
  async cutPower(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** Ends it as Ctrl-C does. */
  async stop(): Promise<void> {
    this.#child.kill("SIGINT");
    await this.#ended;
  }
}

function kilnUp(directory: string, timeFactor: number): { child: ChildProcess; ended: Promise<void> } {
  const options = ["--stage", stageName, "--port", "4800", "--time-factor", String(timeFactor)];
  const child = spawn(
    process.execPath,
    [join(projectDirectory, "cli", "main.ts"), "up", ...options, "--state", join(directory, "state")],
    { cwd: projectDirectory, env: { ...process.env, KILN_HOME: directory }, stdio: ["ignore", "ignore", "pipe"] },
  );
  return { child, ended: new Promise<void>((resolve) => child.once("close", () => resolve())) };
}

/** Reads from what the command says where the API and the services are. */
function places(child: ChildProcess): Promise<{ endpoint: string; services: string }> {
  return new Promise((resolve, reject) => {
    let said = "";
    const giveUp = (why: string) => reject(new Error(`kiln up ${why}; it said:\n${said.trim()}`));
    const impatient = setTimeout(() => giveUp(`was not ready after ${startPatienceMs / 1000} s`), startPatienceMs);
    child.once("error", reject);
    child.once("close", (code) => giveUp(`ended with code ${code}`));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const endpoint = /^AWS API +(\S+)$/m.exec(said)?.[1];
      const services = /^services +(\S+)$/m.exec(said)?.[1];
      if (endpoint === undefined || services === undefined) return;
      clearTimeout(impatient);
      resolve({ endpoint, services });
    });
  });
}
