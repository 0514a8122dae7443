import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command, CommanderError } from "commander";
import { removeMachines } from "../local/cloud.ts";
import { examples, runs, type Surroundings } from "./command.ts";
import { type Performance, perform } from "./demo/demo.ts";
import { screen } from "./demo/screen.ts";
import { type EmbeddedStage, refuseSecondCloud, startEmbeddedStage } from "./embedded/embedded-stage.ts";
import { positiveNumber } from "./embedded/options.ts";
import { requireLinux } from "./embedded/platform.ts";
import { untilSignal } from "./embedded/until-signal.ts";
import { readStatus } from "./explain/service-status.ts";
import { CommandFailure, wrongUsage } from "./failure.ts";
import { kilnDirectory } from "./kiln-directory.ts";
import { type Output, outputTo, type Result } from "./output.ts";

interface Options {
  once?: boolean;
  state?: string;
  port: number;
  timeFactor: number;
}

/**
 * Fast enough for a demonstration of a minute or two, slow enough that what is real (starting programs, cold Lambda
 * processes, gzip) still fits into the times that AWS allows it.
 */
const demonstrationFactor = 10;

const surroundings: Surroundings = {
  stdout: process.stdout,
  stderr: process.stderr,
  setExitCode: (code) => {
    process.exitCode = code;
  },
};

const program = new Command("npm start --")
  .description("Start the embedded cloud, deploy the example twice under load, roll back and forward, and stay up.")
  .option("--once", "end after that instead of staying up")
  .option("--json", "one JSON object on the last line of stdout; progress goes to stderr")
  .option("--stage <name>", "which deployment of Kiln", "dev")
  .option("--port <port>", "where the cloud listens; the next free one when it is taken", positiveNumber, 4566)
  .option("--state <directory>", "where it keeps what it knows; left out: .kiln/start, emptied first")
  .option("--time-factor <factor>", "how many times as fast as AWS", positiveNumber, demonstrationFactor)
  .configureOutput({ writeErr: () => {} })
  .exitOverride();
examples(program, "npm start", "npm start -- --once --json");
runs<Options>(program, surroundings, "The embedded cloud is stopped.", (context, _args, options) =>
  start(context.output, context.stageName, options),
);
try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  if (error.exitCode !== 0) {
    const failure = wrongUsage(error.message.replace(/^error: /, ""), "See npm start -- --help.");
    outputTo(surroundings, process.argv.includes("--json")).failure(failure);
    process.exitCode = failure.exitCode;
  }
}
// When it was interrupted, the demonstration is still waiting for answers that never come.
process.exit();

async function start(output: Output, stageName: string, options: Options): Promise<Result> {
  const { port, timeFactor, once = false } = options;
  const interrupted = untilSignal();
  requireLinux();
  await refuseSecondCloud();
  const embedded = await startEmbeddedStage({
    stage: stageName,
    port,
    stateDirectory: await stateDirectory(options.state),
    timeFactor,
    progress: (line) => output.progress(line),
    log: (line) => output.progress(`cloud  ${line}`),
  });
  try {
    const shown = await Promise.race([perform(embedded, output), interrupted.then(stoppedEarly)]);
    const result = await resultOf(shown, embedded, timeFactor, !once);
    if (shown.load.failed > 0) throw failedRequests(shown, result);
    if (once) return result;
    output.result(result);
    // From here on people use it by hand, at the pace of AWS.
    embedded.cloud.clock.setFactor(1);
    output.progress("\nthe cloud now runs as fast as AWS does; stop it with Ctrl-C");
    await interrupted;
    output.progress("stopping");
    return { json: result.json };
  } finally {
    await embedded.stop();
    if (options.state === undefined) removeMachines(join(kilnDirectory(), "start"));
  }
}

/** A directory that was named is taken as it is; the demonstration's own starts empty. */
async function stateDirectory(named: string | undefined): Promise<string> {
  if (named !== undefined) return resolve(named);
  const own = join(kilnDirectory(), "start");
  await rm(own, { recursive: true, force: true });
  return own;
}

async function resultOf(
  shown: Performance,
  embedded: EmbeddedStage,
  timeFactor: number,
  staysUp: boolean,
): Promise<Result> {
  const { service, acts, load } = shown;
  const { fleets } = await readStatus(embedded.stage, service);
  const live = fleets.find(({ role }) => role === "live");
  const previous = fleets.find(({ role }) => role === "standby");
  const places = {
    endpoint: embedded.cloud.endpoint,
    services: embedded.serviceUrl(),
    artifacts: embedded.stage.outputs.ArtifactsBucket,
  };
  const phases = acts.flatMap(({ title, outcome }) => outcome.phases.map((phase) => ({ act: title, ...phase })));
  const json = {
    service,
    live: live?.generation ?? null,
    previous: previous?.generation ?? null,
    requests: load.requests,
    failed: load.failed,
    phases,
    versions: { live: live?.version ?? null, previous: previous?.version ?? null },
    executions: acts.map(({ title, outcome: { execution, end, seconds } }) => ({
      act: title,
      execution,
      end,
      seconds,
    })),
    answered: load.byRelease,
    statuses: load.byStatus,
    latency: { p50Ms: load.p50Ms, p99Ms: load.p99Ms, slowestMs: load.slowestMs },
    ...places,
    timeFactor,
  };
  const serving = live ? `${live.generation} (${live.version})` : "nothing";
  return { json, text: screen(shown, serving, places, staysUp) };
}

function failedRequests({ load }: Performance, { text = "", json }: Result): CommandFailure {
  return new CommandFailure({
    name: "RequestsFailed",
    what: `${load.failed} of ${load.requests} requests failed while releases were changed.`,
    details: text.split("\n"),
    facts: json,
    left: "The embedded cloud is stopped; its state is in .kiln/start.",
    fix: "See which requests failed and when, above.",
  });
}

function stoppedEarly(signal: NodeJS.Signals): never {
  throw new CommandFailure({
    name: "Interrupted",
    what: `It was ended by ${signal} before it was through.`,
    left: "The embedded cloud is stopped.",
    fix: "Run npm start again; it begins afresh.",
  });
}
