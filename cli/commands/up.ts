import { join, resolve } from "node:path";
import type { Command } from "commander";
import { examples, runs, type Surroundings } from "../command.ts";
import { positiveNumber } from "../embedded/options.ts";
import { untilSignal } from "../embedded/until-signal.ts";
import { kilnDirectory } from "../kiln-directory.ts";

interface Options {
  port: number;
  state?: string;
  timeFactor: number;
}

/** `kiln up`: the embedded cloud with Kiln deployed in it, in the foreground. */
export function addUp(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("up")
    .description("start the embedded cloud on this machine with Kiln deployed in it, until Ctrl-C")
    .option("--port <port>", "where it listens; the next free one when it is taken", positiveNumber, 4566)
    .option("--state <directory>", "where it keeps what it knows; left out: .kiln/local/state")
    .option("--time-factor <factor>", "how many times as fast as AWS", positiveNumber, 1);
  examples(command, "kiln up", "kiln up --time-factor 10 --state /tmp/kiln");
  const left = "The embedded cloud is stopped; what it knew is in its state directory.";
  runs<Options>(command, surroundings, left, async (context, _args, { port, state, timeFactor }) => {
    const { output, stageName } = context;
    const signal = untilSignal();
    const stateDirectory = state === undefined ? join(kilnDirectory(), "local", "state") : resolve(state);
    // Only this command needs the whole cloud, which takes a moment to load.
    const { startEmbeddedStage } = await import("../embedded/embedded-stage.ts");
    const embedded = await startEmbeddedStage({
      stage: stageName,
      port,
      stateDirectory,
      timeFactor,
      progress: (line) => output.progress(line),
      log: (line) => output.progress(`cloud  ${line}`),
    });
    const { endpoint } = embedded.cloud;
    const services = embedded.serviceUrl();
    const artifacts = embedded.stage.outputs.ArtifactsBucket;
    for (const line of [
      "",
      `AWS API         ${endpoint}`,
      `services        ${services}`,
      `push to         s3://${artifacts}/<service>/<version>.tar.gz`,
      `state           ${stateDirectory}`,
      'use the AWS CLI: eval "$(npm run --silent kiln -- env)"; stop with Ctrl-C',
    ]) {
      output.progress(line);
    }
    await signal;
    output.progress("stopping");
    await embedded.stop();
    return { json: { endpoint, services, artifacts, state: stateDirectory, stopped: true } };
  });
}
