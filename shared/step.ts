import { randomBytes } from "node:crypto";
import { Logger } from "@aws-lambda-powertools/logger";
import middy from "@middy/core";
import type { Context } from "aws-lambda";
import type * as z from "zod/mini";
import { type Config, readConfig } from "./config.ts";
import type { Release } from "./domain/release.ts";
import { asKilnError } from "./errors.ts";

/**
 * Passes every SDK client a handler makes through one place, so that a simulation can answer it in process. On AWS it
 * returns the client unchanged.
 */
export type Connect = <C>(client: C) => C;

/** Releases by the key of their document. */
export type FrozenReleases = Map<string, Release>;

/** What every handler's world has beside its nouns. */
export interface BaseWorld {
  config: Config;
  /** Unit: milliseconds since the Unix epoch. */
  now: () => number;
  /** A fresh 128-bit secret, hex. */
  secret: () => string;
  /** Frozen releases that this container has read; nothing in them ever changes. */
  releases: () => FrozenReleases;
}

/** One handler: its input's schema, the nouns it works with, and the sentence it runs. */
export interface Step<I, W extends BaseWorld, O> {
  name: string;
  input: z.ZodMiniType<I>;
  world: (base: BaseWorld, connect: Connect) => W;
  run: (input: I, world: W) => Promise<O>;
}

/** Turns a step into a Lambda handler: parsed input, one world for each container, structured logs, errors by the names the state machines know. */
export function lambdaHandler<I, W extends BaseWorld, O>(step: Step<I, W, O>) {
  const logger = new Logger({ serviceName: `kiln-${step.name}` });
  const releases: FrozenReleases = new Map();
  let world: W | undefined;
  const handler = async (event: unknown, _context: Context): Promise<O> => {
    world ??= step.world(
      {
        config: readConfig(),
        now: Date.now,
        secret: () => randomBytes(16).toString("hex"),
        releases: () => releases,
      },
      (client) => client,
    );
    return runStep(step, event, world);
  };
  return middy(handler)
    .before(({ event, context }) => {
      logger.addContext(context);
      logger.appendKeys(logKeys(event));
    })
    .after(({ response }) => {
      const { status, release } = (response ?? {}) as { status?: unknown; release?: ReleaseNames | null };
      // Admission is asked before there is a release, and answers with it.
      logger.info("answered", { status, ...(release && releaseKeys(release)) });
    })
    .onError(({ error }) => {
      logger.error("failed", error as Error);
    });
}

/** Runs a step once: parses, runs, and names the error. The simulation enters here. */
export async function runStep<I, W extends BaseWorld, O>(step: Step<I, W, O>, event: unknown, world: W): Promise<O> {
  try {
    return await step.run(step.input.parse(event), world);
  } catch (error) {
    throw asKilnError(error);
  }
}

interface ReleaseNames {
  service?: string;
  generation?: string;
}

/** The identifiers that make a log line findable; nothing else of the input is logged, for it may hold secrets. */
function logKeys(event: unknown): Record<string, string> {
  const { execution, release } = event as { execution?: string; release?: ReleaseNames | null };
  return { execution: execution ?? "", ...releaseKeys(release ?? {}) };
}

function releaseKeys({ service = "", generation = "" }: ReleaseNames): Record<string, string> {
  // Powertools keeps the name `service` for the handler's own.
  return { deployedService: service, generation };
}
