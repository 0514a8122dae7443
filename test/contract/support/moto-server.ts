import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { until } from "../../e2e/support/until.ts";
import { pythonBin } from "./python-program.ts";

/** moto's server on a port of its own, with nothing in it but what moto comes with. */
export interface MotoServer {
  endpoint: string;
  stop(): Promise<void>;
}

/** Starts moto_server on the loopback interface. */
export async function startMoto(): Promise<MotoServer> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const program = join(pythonBin(), "moto_server");
  const child = spawn(program, ["-H", "127.0.0.1", "-p", String(port)], {
    env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", PYTHONDONTWRITEBYTECODE: "1" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2000);
  });
  await until("moto to answer", async () => {
    if (child.exitCode !== null) throw new Error(`moto_server ended with code ${child.exitCode}: ${said}`);
    return fetch(`${endpoint}/moto-api/`).then(
      ({ ok }) => ok,
      () => false,
    );
  });
  return { endpoint, stop: () => ended(child) };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const closed = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  await closed;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
