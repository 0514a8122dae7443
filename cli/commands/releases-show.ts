import type { Command } from "commander";
import { fleetName } from "../../shared/domain/names.ts";
import type { Release } from "../../shared/domain/release.ts";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { type Chain, chainLines, chainOf } from "../explain/chain.ts";
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
  const [head, history, fleet] = await Promise.all([
    stage.ledger.head(release.service),
    stage.ledger.history(release.service, generation),
    stage.fleets.read(fleetName(stage.name, generation)),
  ]);
  const state = releaseState(generation, head);
  const admitted = { at: release.createdAt, event: "admitted", says: `asked for by ${release.intent.kind}` };
  const timeline = [admitted, ...history.map(evidenceOf)];
  const chain = chainOf(release, history, fleetName(stage.name, generation), fleet?.instanceIds ?? []);
  return { json: { release, state, chain, timeline }, text: releaseText(release, state, chain, timeline) };
}

export function releaseText(
  release: Omit<Release, "trialSecret">,
  state: ReleaseState,
  chain: Chain,
  timeline: readonly Evidence[],
): string {
  const { generation, version, start, spec, network, execution } = release;
  const facts = table([
    ["  version", version],
    ["  start", start],
    ["  leaving", leavingText(spec.drainSeconds, spec.stopSeconds)],
    ["  listener", network.listenerArn],
    ["  subnets", network.subnetIds.join(", ")],
    ["  execution", execution],
  ]);
  const links = table(chainLines(release, chain).map(([link, says]) => [`  ${link}`, says]));
  const lines = table(timeline.map(({ at, event, says }) => [`  ${at}`, event, says]));
  return [`${generation}  ${state}`, ...facts, "", "from commit to instance", ...links, "", "timeline", ...lines].join(
    "\n",
  );
}
