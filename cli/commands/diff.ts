import type { Command } from "commander";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { compareReleases, type Difference } from "../explain/compare.ts";
import { nothingDone, wrongUsage } from "../failure.ts";
import type { Result } from "../output.ts";
import { table } from "../table.ts";
import { requireRelease, serviceOf } from "./known-release.ts";

/** `kiln diff`: in what two releases of a service differ. */
export function addDiff(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("diff")
    .description("compare two releases: artifact, layers, base, start command, network, spec")
    .argument("<from>", "a generation, such as web-000041")
    .argument("<to>", "another of the same service");
  examples(command, "kiln diff web-000041 web-000042");
  runs(command, surroundings, nothingDone, async (context, [from = "", to = ""]) => {
    if (serviceOf(from) !== serviceOf(to)) {
      throw wrongUsage(`${from} and ${to} are releases of two services.`, "Compare releases of one service.");
    }
    return diff(await context.stage(), from, to);
  });
}

/** @throws {CommandFailure} when either is no release. */
export async function diff(stage: Stage, from: string, to: string): Promise<Result> {
  const [before, after] = await Promise.all([requireRelease(stage, from), requireRelease(stage, to)]);
  const differences = compareReleases(before, after);
  const sameImage = before.imageDigest === after.imageDigest;
  return { json: { from, to, sameImage, differences }, text: diffText(from, to, sameImage, differences) };
}

export function diffText(from: string, to: string, sameImage: boolean, differences: readonly Difference[]): string {
  const image = sameImage ? "the same image" : "different images";
  if (differences.length === 0) return `${from} and ${to} do not differ`;
  const rows = differences.map(({ part, key, from: before, to: after }) => [
    `  ${part}`,
    key,
    `${before ?? "(none)"} -> ${after ?? "(none)"}`,
  ]);
  return [`${from} -> ${to}: ${image}`, ...table(rows)].join("\n");
}
