import type { Figure, ResultTable } from "../../scripts/documents/performance-page.ts";
import type { ServiceSpec } from "../../shared/domain/service-spec.ts";
import { type BenchStage, openBenchStage } from "../embedded/bench-stage.ts";
import { type Bench, type BenchOptions, type Measurement, median, rounded } from "../measurement.ts";
import { firstAnswerBy } from "./first-request.ts";
import { phaseTimes } from "./phase-times.ts";
import { awsShares } from "./published.ts";

/** Aim of the project for what Kiln adds to AWS's own time. Unit: seconds, the median. */
const ownAimSeconds = 2;

const deploys = { short: 3, large: 9 } as const;

/** What is not measured may go fast. */
const preparationFactor = 20;

/** One phase of one deploy. Unit: modelled seconds. */
interface TimedPhase {
  phase: string;
  seconds: number;
  handlersSeconds: number;
}

/** From a push to the first request that the new fleet answers. */
export const latency: Bench = { name: "latency", title: "From a push to the first request on the new fleet", run };

async function run({ large, progress }: BenchOptions): Promise<Measurement> {
  const bench = await openBenchStage(preparationFactor, progress);
  const count = large ? deploys.large : deploys.short;
  try {
    await bench.deploy("1.0.0");
    progress("the first release is live; the next ones are deployed at AWS's own pace");
    const timed: TimedPhase[][] = [];
    for (let number = 1; number <= count; number++) {
      timed.push(await timeDeploy(bench, `1.${number}.0`));
      progress(`${number} of ${count}: ${totalOf(timed.at(-1) ?? []).toFixed(1)} s`);
    }
    return measurement(timed, bench.spec);
  } finally {
    await bench.close();
  }
}

async function timeDeploy(bench: BenchStage, version: string): Promise<TimedPhase[]> {
  const { clock } = bench.embedded.cloud;
  clock.setFactor(1);
  const { execution, uploadedMs } = await bench.push(version);
  const over = new AbortController();
  const ended = bench.ended(execution).finally(() => over.abort());
  const url = bench.embedded.serviceUrl();
  const [answeredMs] = await Promise.all([
    firstAnswerBy(version, url, () => clock.now(), over.signal).finally(() => clock.setFactor(preparationFactor)),
    ended,
  ]);
  if (answeredMs === undefined) throw new Error(`${version} never answered before its deploy ended`);
  const events = await bench.embedded.stage.runs.events(execution, 0);
  const beganMs = events[0]?.timestamp?.getTime() ?? uploadedMs;
  const phases = phaseTimes(events).filter(({ enteredMs }) => enteredMs < answeredMs);
  const cutOver = phases.findIndex(({ state }) => state === "CutOver");
  const before = phases.slice(0, cutOver);
  const cutOverMs = phases[cutOver]?.enteredMs ?? answeredMs;
  return [
    // The upload's answer and the event that it causes may cross.
    { phase: "Trigger", seconds: Math.max(0, (beganMs - uploadedMs) / 1000), handlersSeconds: 0 },
    ...before.map(({ state, enteredMs, leftMs, handlersMs }) => ({
      phase: state,
      seconds: (leftMs - enteredMs) / 1000,
      handlersSeconds: handlersMs / 1000,
    })),
    {
      phase: "CutOver",
      seconds: (answeredMs - cutOverMs) / 1000,
      handlersSeconds: Math.min(phases[cutOver]?.handlersMs ?? 0, answeredMs - cutOverMs) / 1000,
    },
  ];
}

function measurement(timed: readonly TimedPhase[][], spec: ServiceSpec): Measurement {
  const shares = awsShares(spec);
  const names = (timed[0] ?? []).map(({ phase }) => phase);
  const phases = names.map((phase) => {
    const all = timed.flatMap((deploy) => deploy.filter((one) => one.phase === phase));
    const seconds = median(all.map((one) => one.seconds));
    const share = shares[phase];
    const aws = share?.seconds ?? 0;
    const handlersSeconds = median(all.map((one) => one.handlersSeconds));
    // CutOver's other part is a draw from the range that the load balancer's nodes take.
    const own = phase === "CutOver" || phase === "Trigger" ? handlersSeconds : Math.max(0, seconds - aws);
    return { phase, seconds, handlersSeconds, aws, own };
  });
  const own = sum(phases.map((one) => one.own));
  const aws = sum(phases.map((one) => one.aws));
  const figures: Figure[] = [
    { name: "Embedded cloud, median", value: rounded(median(timed.map(totalOf)), 1), unit: "modelled s" },
    { name: "AWS's own share, by published latencies", value: rounded(aws, 1), unit: "s" },
    { name: "Kiln's own share, median", value: rounded(own, 1), unit: "s", atMost: ownAimSeconds },
    { name: "Modelled for AWS: both together", value: rounded(aws + own, 1), unit: "s" },
    { name: "Kiln's part of it", value: rounded((own / (aws + own)) * 100, 0), unit: "%" },
  ];
  const rows = phases.map((one) => [
    one.phase,
    ...[one.seconds, one.handlersSeconds, one.aws, one.own].map((seconds) => seconds.toFixed(1)),
    shares[one.phase]?.why ?? "",
  ]);
  const header = ["Phase", "Embedded, s", "Of it in handlers, s", "AWS alone, s", "Kiln's own, s", "What AWS takes"];
  const table: ResultTable = { title: "By phase, medians", header, rows };
  return {
    settings: { deploys: timed.length, artifact: "examples/web with the layer node-24", paceOfAws: 1 },
    figures,
    tables: [table],
    notes: [
      "It begins when S3 has answered the upload, and ends with the first answer of the new release through the load balancer, asked for every 25 ms.",
      "Kiln's own is what a phase takes in the embedded cloud beyond what AWS alone takes: handlers at work, turns that come later than AWS is ready, several good answers in a row, transitions. The first wait of each phase is as long as AWS is known to take, so that usually one look is enough; only what comes after it counts, on AWS too. Two things that are not Kiln's are in it too, when they make the first look come too early: the turns of Auto Scaling, and unpacking and starting the pushed program.",
      "The latencies under AWS alone are published or observed by others; on AWS they vary, some by minutes (a new snapshot that is not found).",
    ],
  };
}

function totalOf(phases: readonly TimedPhase[]): number {
  return sum(phases.map(({ seconds }) => seconds));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
