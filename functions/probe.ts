import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import {
  judgeProbes,
  type Probe,
  type ProbeReport,
  type ProbeRequest,
  type ProbeSample,
  problemOf,
} from "../shared/domain/probe.ts";

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
  const samples: ProbeSample[][] = [];
  for (const probe of request.probes) {
    const made: ProbeSample[] = [];
    while (made.length < probe.count) made.push(await ask(request, probe));
    samples.push(made);
  }
  return judgeProbes(request.probes, samples);
}

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
        const status = answer.statusCode ?? 0;
        const problem = problemOf(probe, { status, latencyMs, body: Buffer.concat(chunks).toString("utf8") });
        resolve({ path: probe.path, status, latencyMs, ...(problem && { problem }) });
      });
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer within ${answerMs} ms`)));
    sent.on("error", (error) => silent(error.message));
    sent.end();
  });
}
