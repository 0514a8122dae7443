import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { judgeProbes, type ProbeReport, type ProbeRequest, type ProbeSample } from "../shared/domain/probe.ts";

/** Unit: milliseconds for one answer, connection included. */
const answerMs = 5_000;
/** Unit: bytes of a body that are looked at. */
const bodyLimit = 65_536;

/**
 * Asks a fleet for pages, as a client would, and judges the answers. It has no AWS permissions at all, and may stand
 * inside a VPC to reach an internal load balancer.
 *
 * Before: the trial rule leads the given headers to the fleet. After: nothing changed anywhere.
 * Repeatable: it only asks.
 */
export async function handler(request: ProbeRequest): Promise<ProbeReport> {
  const samples: ProbeSample[] = [];
  for (const probe of request.probes) {
    for (let made = 0; made < probe.count; made++) samples.push(await ask(request, probe));
  }
  const expected = request.probes.reduce((sum, { count }) => sum + count, 0);
  return judgeProbes(samples, expected);
}

type Probe = ProbeRequest["probes"][number];

function ask(request: ProbeRequest, probe: Probe): Promise<ProbeSample> {
  const url = new URL(probe.path, request.origin);
  const startedMs = performance.now();
  const headers = { ...request.headers, ...(request.host && { host: request.host }), "user-agent": "kiln-probe" };
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  // The certificate is the service's; the load balancer's own name is only how we reach it.
  const options = {
    headers,
    agent: false as const,
    timeout: answerMs,
    ...(request.host && { servername: request.host }),
  };
  return new Promise((resolve) => {
    const silent = (problem: string) => resolve({ path: probe.path, problem });
    const sent = send(url, options, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on("data", (chunk: Buffer) => {
        if (bytes < bodyLimit) chunks.push(chunk);
        bytes += chunk.length;
      });
      answer.on("error", (error) => silent(error.message));
      answer.on("end", () => {
        const latencyMs = Math.round(performance.now() - startedMs);
        const problem = problemOf(probe, answer.statusCode ?? 0, Buffer.concat(chunks).toString("utf8"));
        resolve({ path: probe.path, status: answer.statusCode ?? 0, latencyMs, ...(problem && { problem }) });
      });
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer within ${answerMs} ms`)));
    sent.on("error", (error) => silent(error.message));
    sent.end();
  });
}

function problemOf(probe: Probe, status: number, body: string): string | undefined {
  if (status !== probe.status) return `answered ${status} instead of ${probe.status}`;
  if (probe.contains !== undefined && !body.includes(probe.contains)) return `the body lacks "${probe.contains}"`;
  return undefined;
}
