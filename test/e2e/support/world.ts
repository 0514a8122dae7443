import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedStage, startEmbeddedStage } from "../../../cli/embedded/embedded-stage.ts";
import { outputTo } from "../../../cli/output.ts";
import { removeMachines } from "../../../local/cloud.ts";
import type { ServiceSpec } from "../../../shared/domain/service-spec.ts";
import { type Visitor, visit } from "./visitor.ts";

export interface WorldOptions {
  /** How many times as fast as AWS; 20 when left out. What is real (programs, gzip) takes its time all the same. */
  timeFactor?: number;
  /** Changes to the example's spec, on top of shorter times for validation, observation and draining. */
  spec?: Partial<ServiceSpec>;
  seed?: number;
  /** Called once the stage is there, before the service's base and layer are made ready. */
  watch?: (embedded: EmbeddedStage) => void;
}

/** One embedded cloud in this process, with Kiln and the example service in it, nothing deployed yet. */
export interface World extends Visitor {
  embedded: EmbeddedStage;
  /** Temporary; a place for a test's own files too. */
  directory: string;
  /** What the cloud has said, for a test that fails. */
  log: string[];
  close(): Promise<void>;
}

/** The stage of every test. */
export const stageName = "dev";

/** Starts a world in a directory of its own. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const { timeFactor = 20, seed } = options;
  const directory = await mkdtemp(join(tmpdir(), "kiln-e2e-"));
  const homeBefore = process.env["KILN_HOME"];
  process.env["KILN_HOME"] = directory;
  const log: string[] = [];
  const close = async () => {
    if (homeBefore === undefined) delete process.env["KILN_HOME"];
    else process.env["KILN_HOME"] = homeBefore;
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const embedded = await startEmbeddedStage({
      stage: stageName,
      port: 4700,
      stateDirectory: join(directory, "state"),
      timeFactor,
      seed,
      progress: (line) => log.push(line),
      log: (line) => log.push(`cloud ${line}`),
    });
    const output = outputTo({ stdout: { write() {} }, stderr: { write: (line) => log.push(line.trimEnd()) } }, false);
    try {
      options.watch?.(embedded);
      const visitor = await visit({ stage: embedded.stage, serviceUrl: embedded.serviceUrl, output }, options.spec);
      const closeAll = async () => {
        await visitor.leave();
        await embedded.stop();
        removeMachines(join(directory, "state"));
        await close();
      };
      return { ...visitor, embedded, directory, log, close: closeAll };
    } catch (error) {
      await embedded.stop();
      throw error;
    }
  } catch (error) {
    await close();
    throw error;
  }
}
