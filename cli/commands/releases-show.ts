import type { Command } from "commander";
import type { Part, Release } from "../../shared/domain/release.ts";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { type Evidence, evidenceOf } from "../explain/evidence.ts";
import { type ReleaseState, releaseState } from "../explain/release-state.ts";
import { nothingDone } from "../failure.ts";
import { leavingText } from "../leaving-text.ts";
import type { Result } from "../output.ts";
import { table } from "../table.ts";
import { requireRelease } from "./known-release.ts";

/** `kiln releases show`: one release as it was frozen, and what happened to it since. */
export function addReleasesShow(releases: Command, surroundings: Surroundings): void {
  const command = releases
    .command("show")
    .description("show one release: what it is made of, and its history as a timeline")
    .argument("<generation>", "such as web-000042");
  examples(command, "kiln releases show web-000042");
  runs(command, surroundings, nothingDone, async (context, [generation = ""]) =>
    showRelease(await context.stage(), generation),
  );
}

/** @throws {CommandFailure} when there is no such release. */
export async function showRelease(stage: Stage, generation: string): Promise<Result> {
  // Whoever has the secret reaches a candidate before it is validated.
  const { trialSecret: _trialSecret, ...release } = await requireRelease(stage, generation);
  const [head, history] = await Promise.all([
    stage.ledger.head(release.service),
    stage.ledger.history(release.service, generation),
  ]);
  const state = releaseState(generation, head);
  const admitted = { at: release.createdAt, event: "admitted", says: `asked for by ${release.intent.kind}` };
  const timeline = [admitted, ...history.map(evidenceOf)];
  return { json: { release, state, timeline }, text: releaseText(release, state, timeline) };
}

export function releaseText(
  release: Omit<Release, "trialSecret">,
  state: ReleaseState,
  timeline: readonly Evidence[],
): string {
  const { generation, version, artifact, layers, base, start, spec, network, imageDigest, execution } = release;
  const facts = table([
    ["  version", version],
    ["  artifact", partText(artifact)],
    ...layers.map((layer) => ["  layer", partText(layer)]),
    ["  base", `${base.name}  ${base.imageId}  ${base.architecture}`],
    ["  start", start],
    ["  leaving", leavingText(spec.drainSeconds, spec.stopSeconds)],
    ["  listener", network.listenerArn],
    ["  subnets", network.subnetIds.join(", ")],
    ["  image", imageDigest],
    ["  execution", execution],
  ]);
  const lines = table(timeline.map(({ at, event, says }) => [`  ${at}`, event, says]));
  return [`${generation}  ${state}`, ...facts, "", "timeline", ...lines].join("\n");
}

function partText({ key, zip, ...baked }: Part): string {
  const { bytes, sha256 } = zip ?? baked;
  return `${key}  ${bytes} bytes  sha256 ${sha256.slice(0, 12)}`;
}
