import { request } from "node:http";
import type { ProbeOutcome, ProbeRequest } from "../traffic.ts";
import { type Connect, openConnection, TargetConnectionError } from "./target-connections.ts";

/**
 * Makes one HTTP health check over a connection of its own. The time-out counts real seconds: the program under test
 * computes in real time, whatever pace the cloud's clock has. Never rejects.
 */
export async function probeTarget(connect: Connect, probe: ProbeRequest): Promise<ProbeOutcome> {
  const { promise, resolve } = Promise.withResolvers<ProbeOutcome>();
  const timer = setTimeout(() => resolve({ kind: "timed-out" }), probe.timeoutSeconds * 1000);
  const abandoned = new AbortController();
  ask(connect, probe, abandoned.signal).then(resolve, (error: unknown) => {
    const timedOut = error instanceof TargetConnectionError && error.timedOut;
    resolve({ kind: timedOut ? "timed-out" : "failed" });
  });
  const outcome = await promise;
  clearTimeout(timer);
  abandoned.abort();
  return outcome;
}

async function ask(connect: Connect, probe: ProbeRequest, signal: AbortSignal): Promise<ProbeOutcome> {
  const stream = await openConnection(connect, probe.instanceId, probe.port);
  signal.addEventListener("abort", () => stream.destroy());
  if (signal.aborted) stream.destroy();
  return new Promise((resolve, reject) => {
    const check = request({
      createConnection: () => stream,
      path: probe.path,
      // Source of the agent's name: "ELB-HealthChecker/2.0" (health checks in the Application Load Balancers guide).
      headers: { Host: `127.0.0.1:${probe.port}`, "User-Agent": "ELB-HealthChecker/2.0", Connection: "close" },
    });
    check.on("response", (answer) => {
      answer.resume();
      resolve({ kind: "answered", status: answer.statusCode ?? 0 });
    });
    check.on("error", reject);
    check.end();
  });
}
