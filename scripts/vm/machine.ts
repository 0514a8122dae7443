import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import type { InstanceDescription } from "./instance-metadata.ts";
import type { RootImage } from "./root-image.ts";

/** A machine as EC2 would start it: user data from the metadata service, the release volume as an NVMe disk. */
export class Machine {
  readonly #directory: string;
  readonly #port: number;
  readonly #qemu: ChildProcess;
  readonly #startedMs = performance.now();
  #exited = false;

  private constructor(directory: string, port: number, qemu: ChildProcess) {
    this.#directory = directory;
    this.#port = port;
    this.#qemu = qemu;
    qemu.on("exit", () => {
      this.#exited = true;
    });
  }

  /**
   * Starts QEMU without hardware virtualisation, which is not there on every computer.
   * @param directory Holds the machine's console and control socket.
   * @param guestPort Where the program listens; reached through a port of 127.0.0.1.
   */
  static async start(
    directory: string,
    image: RootImage,
    volumeFile: string,
    userData: string,
    guestPort: number,
  ): Promise<Machine> {
    const id = randomBytes(16).toString("hex");
    const instance: InstanceDescription = {
      instanceId: `i-${id.slice(0, 17)}`,
      macAddress: "02:00:00:00:00:01",
      ipAddress: "169.254.10.15",
      userData,
    };
    const instanceFile = join(directory, "instance.json");
    writeFileSync(instanceFile, JSON.stringify(instance));
    const port = await freePort();
    const qemu = spawn(
      "qemu-system-x86_64",
      qemuArguments({ directory, image, volumeFile, id, instanceFile, port, guestPort }),
      {
        stdio: ["ignore", "inherit", "inherit"],
      },
    );
    return new Machine(directory, port, qemu);
  }

  /** Everything the machine has written to its serial console. */
  console(): string {
    const file = join(this.#directory, "console");
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  /** Unit: seconds since the machine was started. */
  ageSeconds(): number {
    return Math.round((performance.now() - this.#startedMs) / 1000);
  }

  /** Asks the program for a page until it answers. @throws when it has not after `limitSeconds`. */
  async fetch(path: string, limitSeconds: number): Promise<Response> {
    return this.#until(limitSeconds, `answer to ${path}`, async () => {
      const url = `http://127.0.0.1:${this.#port}${path}`;
      return fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    });
  }

  /** One try only. Undefined when nothing answers. */
  async fetchOnce(path: string): Promise<Response | undefined> {
    const url = `http://127.0.0.1:${this.#port}${path}`;
    return fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
  }

  /** Waits until the console, from character `from` on, matches. @throws when it does not within `limitSeconds`. */
  async waitForConsole(pattern: RegExp, limitSeconds: number, from = 0): Promise<string> {
    return this.#until(
      limitSeconds,
      `${pattern} on the console`,
      async () => pattern.exec(this.console().slice(from))?.[0],
    );
  }

  /** Presses the power button, which the image takes as a wish to restart: what RebootInstances does on EC2. */
  async reboot(): Promise<void> {
    await this.#control("system_powerdown");
  }

  async stop(): Promise<void> {
    if (this.#exited) return;
    const exit = new Promise((resolve) => this.#qemu.once("exit", resolve));
    await this.#control("quit").catch(() => this.#qemu.kill("SIGKILL"));
    await exit;
  }

  /** One command of QEMU's machine protocol: a greeting, then an answer to each line. */
  async #control(command: string): Promise<void> {
    const socket = createConnection(join(this.#directory, "control"));
    const answers = createInterface({ input: socket })[Symbol.asyncIterator]();
    try {
      await answers.next();
      for (const execute of ["qmp_capabilities", command]) {
        socket.write(`${JSON.stringify({ execute })}\n`);
        await answers.next();
      }
    } finally {
      socket.destroy();
    }
  }

  async #until<T>(limitSeconds: number, what: string, attempt: () => Promise<T | undefined>): Promise<T> {
    const deadlineMs = performance.now() + limitSeconds * 1000;
    while (performance.now() < deadlineMs) {
      if (this.#exited) throw new Error(`the machine ended while waiting for ${what}`);
      const result = await attempt();
      if (result !== undefined) return result;
      await wait(200);
    }
    throw new Error(`no ${what} within ${limitSeconds} s`);
  }
}

interface QemuSettings {
  directory: string;
  image: RootImage;
  volumeFile: string;
  id: string;
  instanceFile: string;
  port: number;
  guestPort: number;
}

function qemuArguments({ directory, image, volumeFile, id, instanceFile, port, guestPort }: QemuSettings): string[] {
  // cloud-init knows EC2 by a serial number that equals the UUID and begins with "ec2".
  const uuid = `ec2${id.slice(3, 8)}-${id.slice(8, 12)}-4${id.slice(13, 16)}-8${id.slice(17, 20)}-${id.slice(20, 32)}`;
  const metadata = [process.execPath, join(import.meta.dirname, "instance-metadata.ts"), instanceFile]
    .map((word) => `'${word}'`)
    .join(" ");
  return [
    ["-accel", "tcg,thread=multi", "-machine", "q35", "-cpu", "max", "-smp", "2", "-m", "1024"],
    ["-nodefaults", "-display", "none", "-qmp", `unix:${join(directory, "control")},server=on,wait=off`],
    ["-kernel", image.kernel, "-initrd", image.initrd],
    ["-append", "root=LABEL=root ro console=ttyS0 panic=-1 net.ifnames=0"],
    ["-serial", `file:${join(directory, "console")}`],
    ["-smbios", `type=1,manufacturer=Amazon EC2,serial=${uuid},uuid=${uuid}`],
    // Changes go to a temporary file that disappears with the machine, and survive a reboot within it.
    ["-drive", `file=${image.root},if=virtio,format=raw,snapshot=on`],
    ["-drive", `file=${volumeFile},if=none,id=release,format=raw,snapshot=on`],
    ["-device", `nvme,drive=release,serial=vol${id.slice(0, 17)}`],
    ["-device", "virtio-net-pci,netdev=network,mac=02:00:00:00:00:01"],
    [
      "-netdev",
      [
        "user,id=network,restrict=on,net=169.254.0.0/16,host=169.254.0.2,dns=169.254.0.3,dhcpstart=169.254.10.15",
        `hostfwd=tcp:127.0.0.1:${port}-:${guestPort}`,
        `guestfwd=tcp:169.254.169.254:80-cmd:${metadata.replaceAll(",", ",,")}`,
      ].join(","),
    ],
  ].flat();
}

/** A port of 127.0.0.1 that nothing listens on now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
