import { setTimeout as delay } from "node:timers/promises";
import { startRollback } from "../../cli/commands/rollback.ts";
import { applySpec } from "../../cli/commands/service-apply.ts";
import { Load } from "../../cli/demo/load.ts";
import type { LoadCounts } from "../../cli/demo/load-counts.ts";
import { executionName } from "../../cli/execution/start.ts";
import type { Figure, ResultTable } from "../../scripts/documents/performance-page.ts";
import { type BenchStage, openBenchStage } from "../embedded/bench-stage.ts";
import { type Bench, type BenchOptions, type Measurement, median, rounded } from "../measurement.ts";

/** Cutovers, each followed by a rollback. */
const rounds = { short: 10, large: 50 } as const;

/** Waits and delays pass so fast. What is real (programs, functions, boots) takes its time, and the clock waits for it. */
const timeFactor = 20;

/** No round begins after this, whatever was asked: the load ends by itself after an hour. Unit: milliseconds. */
const longestMs = 3_300_000;

/** One request in forty takes two real seconds, twenty modelled ones, so that some are under way at every change. */
const load = { connections: 100, slowEvery: 40, slowPath: "/slow?ms=2000", seconds: 3_600 } as const;
const perSecond = { short: 200, large: 800 } as const;
/** After the last round the load goes on until so many requests were answered. */
const leastRequests = { short: 0, large: 500_000 } as const;

/** What the changes of traffic came to. */
interface Changes {
  cutoverSeconds: number[];
  rollbackSeconds: number[];
  counts: LoadCounts;
}

/** Requests that fail while traffic moves there and back, again and again. */
export const cutover: Bench = { name: "cutover", title: "Cutovers and rollbacks under load", run };

async function run({ large, progress }: BenchOptions): Promise<Measurement> {
  const size = large ? "large" : "short";
  const bench = await openBenchStage(timeFactor, progress);
  try {
    // When a deploy has ended, it was observed for longer than a rule takes to reach every load-balancer node.
    await bench.deploy("1.0.0");
    progress(`the first release is live; ${rounds[size]} cutovers and rollbacks under load`);
    const changes = await changeTraffic(bench, size, progress);
    return measurement(changes, rounds[size], perSecond[size]);
  } finally {
    await bench.close();
  }
}

async function changeTraffic(
  bench: BenchStage,
  size: keyof typeof rounds,
  progress: (line: string) => void,
): Promise<Changes> {
  const count = rounds[size];
  const beganMs = performance.now();
  const isTimeLeft = () => performance.now() - beganMs < longestMs;
  const cutoverSeconds: number[] = [];
  const rollbackSeconds: number[] = [];
  const running = new Load({ url: bench.embedded.serviceUrl(), ...load, perSecond: perSecond[size] });
  try {
    for (let round = 1; round <= count && isTimeLeft(); round++) {
      cutoverSeconds.push(await cutOver(bench, round));
      rollbackSeconds.push(await rollBack(bench));
      const { requests, failed } = running.counts;
      progress(`${round} of ${count}: ${requests} requests, ${failed} failed`);
    }
    while (running.counts.requests < leastRequests[size] && isTimeLeft()) await delay(1_000);
  } finally {
    await running.stop();
  }
  return { cutoverSeconds, rollbackSeconds, counts: running.counts };
}

/** A new release of the same artifact: only its environment differs, so nothing is baked, but its fleet is new. */
async function cutOver({ embedded, spec, output, ended }: BenchStage, round: number): Promise<number> {
  const { runs, outputs } = embedded.stage;
  const environment = { ...spec.environment, GREETING: `round ${round}` };
  await applySpec(embedded.stage, { ...spec, environment }, output);
  const execution = await runs.start(outputs.DeployMachine, executionName(spec.service), { service: spec.service });
  return (await ended(execution)).seconds;
}

async function rollBack({ embedded, spec, ended }: BenchStage): Promise<number> {
  return (await ended(await startRollback(embedded.stage, spec.service, { reason: "bench" }))).seconds;
}

function measurement({ cutoverSeconds, rollbackSeconds, counts }: Changes, asked: number, rate: number): Measurement {
  const figures: Figure[] = [
    { name: "Requests", value: counts.requests, unit: "" },
    { name: "Failed", value: counts.failed, unit: "", atMost: 0 },
    { name: "Cutovers", value: cutoverSeconds.length, unit: "" },
    { name: "Rollbacks", value: rollbackSeconds.length, unit: "" },
    { name: "Answered within, half of them", value: counts.p50Ms, unit: "ms" },
    { name: "Answered within, 99 %", value: counts.p99Ms, unit: "ms" },
    { name: "Deploy of a kept image, median", value: rounded(median(cutoverSeconds), 1), unit: "modelled s" },
    { name: "Rollback to the hot fleet, median", value: rounded(median(rollbackSeconds), 1), unit: "modelled s" },
  ];
  const rows = Object.entries(counts.byRelease).map(([release, answers]) => [release, String(answers)]);
  const tables: ResultTable[] = [{ title: "Answers by release", header: ["Release", "Answers"], rows }];
  if (counts.failures.length > 0) {
    tables.push({ title: "The first failures", header: ["What"], rows: counts.failures.map((failure) => [failure]) });
  }
  return {
    settings: { rounds: asked, connections: load.connections, requestsASecond: rate, paceOfAws: timeFactor },
    figures,
    tables,
    notes: [
      "A request counts as failed unless it is answered with a 200 that names its release: other statuses, broken connections and answers later than 15 s all count.",
      `Connections are kept alive; one request in ${load.slowEvery} takes two real seconds, so at any change a good part of the connections waits for an answer.`,
      `Waits pass at ${timeFactor} times the pace of AWS; the work of handlers and boots counts as long as it really took on this machine.`,
    ],
  };
}
