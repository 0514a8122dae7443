import type { Command } from "commander";
import type { HistoryEvent } from "../../shared/aws/ledger.ts";
import type { Head } from "../../shared/domain/head.ts";
import type { Release } from "../../shared/domain/release.ts";
import { revocationText, revokedIn } from "../../shared/domain/revocation.ts";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { type ReleaseState, releaseState } from "../explain/release-state.ts";
import { CommandFailure, nothingDone } from "../failure.ts";
import { refusalsShown, refusalsText } from "../refusals.ts";
import { table } from "../table.ts";
import { addReleasesPin, addReleasesUnpin } from "./releases-pin.ts";
import { addReleasesSbom } from "./releases-sbom.ts";
import { addReleasesShow } from "./releases-show.ts";

/** One release as it is listed. */
export interface ListedRelease {
  generation: string;
  version: string;
  createdAt: string;
  state: ReleaseState;
  /** What its history says of it last. */
  lastEvent: string;
  /** Why it failed, when it did. */
  cause?: string;
  /** Why nobody may go back to it. */
  revoked?: string;
  imageDigest: string;
}

/** `kiln releases`: every release of a service, what became of it, and why; and what was refused before it became one. */
export function addReleases(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("releases")
    .description("list the releases of a service, newest first")
    .argument("<service>");
  examples(command, "kiln releases web", "kiln releases show web-000042");
  runs(command, surroundings, nothingDone, async (context, [service = ""]) => {
    const stage = await context.stage();
    const [releases, refused] = await Promise.all([
      listReleases(stage, service),
      stage.ledger.refusals(service, refusalsShown),
    ]);
    if (releases.length === 0 && refused.length === 0) throw noReleases(service);
    const listed = releases.length === 0 ? [] : [releasesText(releases)];
    return { json: { service, releases, refused }, text: [...listed, ...refusalsText(refused)].join("\n") };
  });
  addReleasesShow(command, surroundings);
  addReleasesSbom(command, surroundings);
  addReleasesPin(command, surroundings);
  addReleasesUnpin(command, surroundings);
}

async function listReleases(stage: Stage, service: string): Promise<ListedRelease[]> {
  const [head, generations] = await Promise.all([stage.ledger.head(service), stage.ledger.generations(service)]);
  const listed = await Promise.all(
    generations.map(async (generation) => {
      const [release, history] = await Promise.all([
        stage.ledger.release(service, generation),
        stage.ledger.history(service, generation),
      ]);
      return release ? [listedRelease(release, history, head)] : [];
    }),
  );
  return listed.flat().reverse();
}

function listedRelease(release: Release, history: readonly HistoryEvent[], head: Head): ListedRelease {
  const { generation, version, createdAt, imageDigest } = release;
  const revoked = revokedIn(head, generation);
  const last = history.at(-1);
  const failure = last?.["failure"] as { error?: string; cause?: string } | null | undefined;
  return {
    generation,
    version,
    createdAt,
    state: releaseState(generation, head),
    lastEvent: last?.event ?? "admitted",
    ...(revoked && { revoked: revocationText(revoked) }),
    ...(failure && { cause: `${failure.error}: ${failure.cause}` }),
    imageDigest,
  };
}

/** A table, with the cause of each failure below its release. */
export function releasesText(releases: readonly ListedRelease[]): string {
  const lines = table([
    ["GENERATION", "VERSION", "STATE", "LAST", "CREATED"],
    ...releases.map(({ generation, version, state, lastEvent, createdAt }) => [
      generation,
      version,
      state,
      lastEvent,
      createdAt,
    ]),
  ]);
  const [heading = "", ...rows] = lines;
  const withCauses = rows.flatMap((row, index) => {
    const { cause, revoked } = releases[index] ?? {};
    return [row, ...[cause, revoked].flatMap((why) => (why === undefined ? [] : [`    ${why}`]))];
  });
  return [heading, ...withCauses].join("\n");
}

function noReleases(service: string): CommandFailure {
  return new CommandFailure({
    name: "NoReleases",
    what: `Service "${service}" has no release.`,
    left: nothingDone,
    fix: "Push an artifact, or name another service: kiln status lists them.",
  });
}
