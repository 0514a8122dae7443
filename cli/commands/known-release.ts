import type { Release } from "../../shared/domain/release.ts";
import type { Stage } from "../aws/stage.ts";
import { CommandFailure, nothingDone, wrongUsage } from "../failure.ts";

/** The service that `web-000042` is a generation of. @throws {CommandFailure} when it is no generation. */
export function serviceOf(generation: string): string {
  const service = /^(.+)-\d{6,}$/.exec(generation)?.[1];
  if (service !== undefined) return service;
  throw wrongUsage(`"${generation}" is no generation.`, "Say one such as web-000001: kiln releases lists them.");
}

/** @throws {CommandFailure} when the ledger has no such release. */
export async function requireRelease(stage: Pick<Stage, "name" | "ledger">, generation: string): Promise<Release> {
  const service = serviceOf(generation);
  const release = await stage.ledger.release(service, generation);
  if (release) return release;
  throw new CommandFailure({
    name: "UnknownRelease",
    what: `There is no release ${generation} in stage ${stage.name}.`,
    left: nothingDone,
    fix: `See which there are: kiln releases ${service}.`,
  });
}
