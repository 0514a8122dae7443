import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ServiceSpec } from "../../shared/domain/service-spec.ts";
import { prepareArtifact } from "../artifact-file.ts";
import type { Stage } from "../aws/stage.ts";
import { followUpload, sendArtifact, sendLayer } from "../commands/push.ts";
import { followRollback, startRollback } from "../commands/rollback.ts";
import { applySpec } from "../commands/service-apply.ts";
import type { EmbeddedStage } from "../embedded/embedded-stage.ts";
import type { Outcome } from "../execution/outcome.ts";
import { CommandFailure } from "../failure.ts";
import { projectDirectory } from "../kiln-directory.ts";
import type { Output } from "../output.ts";
import { readSpecFile } from "../spec-file.ts";
import { Load } from "./load.ts";
import type { LoadCounts } from "./load-counts.ts";

/** One thing the demonstration did, with the states it went through. */
export interface Act {
  title: string;
  outcome: Outcome;
}

/** What the demonstration showed. */
export interface Performance {
  service: string;
  acts: Act[];
  load: LoadCounts;
}

const example = join(projectDirectory, "examples", "web");

/** Fifty people at once, each asking four times a second; some answers take a while, so that some are always in flight. */
const loadOptions = { connections: 50, perSecond: 200, seconds: 1800, slowEvery: 50, slowPath: "/slow?ms=300" };

/** Real time between two acts, in which the release that serves now answers. Unit: milliseconds. */
const holdMs = 3_000;

/** Deploys the example twice, goes back and forward once, all but the first under load. */
export async function perform(embedded: EmbeddedStage, output: Output): Promise<Performance> {
  const { stage } = embedded;
  const spec = specForThisMachine(await readSpecFile(join(example, "kiln.yaml")));
  const { service } = spec;
  await Promise.all([
    applySpec(stage, spec, output),
    ...spec.layers.map((layer) => sendLayer(stage, layer, undefined, output)),
  ]);
  const acts = [await deploy(stage, service, "1.0.0", output)];
  await untilAnswers(embedded.serviceUrl());

  output.progress(`load     ${loadOptions.connections} connections, ${loadOptions.perSecond} requests a second`);
  const load = new Load({ url: embedded.serviceUrl(), ...loadOptions });
  try {
    acts.push(await deploy(stage, service, "1.1.0", output));
    await hold(load, output);
    for (const title of ["back to 1.0.0", "forward to 1.1.0"]) {
      acts.push(await rollBack(stage, service, title, output));
      await hold(load, output);
    }
  } finally {
    await load.stop();
  }
  return { service, acts, load: load.counts };
}

async function hold(load: Load, output: Output): Promise<void> {
  await delay(holdMs);
  const { requests, failed, lastRelease } = load.counts;
  output.progress(`load     ${requests} requests, ${failed} failed; ${lastRelease} answers`);
}

async function deploy(stage: Stage, service: string, version: string, output: Output): Promise<Act> {
  const artifact = await prepareArtifact(example, { service, version });
  const uploaded = await sendArtifact(stage, artifact, output);
  return { title: version, outcome: await followUpload(stage, artifact, uploaded, output) };
}

async function rollBack(stage: Stage, service: string, title: string, output: Output): Promise<Act> {
  const execution = await startRollback(stage, service, { reason: title });
  return { title, outcome: await followRollback(stage, service, execution, title, output) };
}

/** The layer holds the Node of this machine, so the servers have its architecture. */
function specForThisMachine(spec: ServiceSpec): ServiceSpec {
  return process.arch === "arm64" ? { ...spec, architecture: "arm64", instanceType: "t4g.small" } : spec;
}

/** Real time for a rule to reach the load balancer's nodes. Unit: milliseconds. */
const answerPatienceMs = 60_000;

/** A rule that was just created takes seconds to reach every node; load before that would count 503s nobody caused. */
async function untilAnswers(url: string): Promise<void> {
  const giveUpAt = performance.now() + answerPatienceMs;
  let inARow = 0;
  while (performance.now() < giveUpAt) {
    const answer = await fetch(url, { headers: { connection: "close" } }).catch(() => undefined);
    await answer?.arrayBuffer();
    inARow = answer?.ok ? inARow + 1 : 0;
    if (inARow >= 20) return;
    await delay(50);
  }
  throw new CommandFailure({
    name: "NoAnswer",
    what: `The service does not answer at ${url}, although its deploy ended well.`,
    left: "The embedded cloud is stopped with it.",
    fix: "Run npm run kiln -- up, push again, and look at: npm run kiln -- status",
  });
}
