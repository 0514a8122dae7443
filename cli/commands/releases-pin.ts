import { userInfo } from "node:os";
import type { Command } from "commander";
import { type Head, isKept, pinnedWith, unpinned } from "../../shared/domain/head.ts";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { CommandFailure, nothingDone } from "../failure.ts";
import { requireRelease } from "./known-release.ts";

interface Options {
  reason?: string;
}

/** `kiln releases pin`: keeps a release launchable, however many others are made after it. */
export function addReleasesPin(releases: Command, surroundings: Surroundings): void {
  const command = releases
    .command("pin")
    .description("keep a release's image beside those that the spec keeps, until it is unpinned")
    .argument("<generation>", "such as web-000042")
    .option("--reason <text>", "kept with it");
  examples(command, 'kiln releases pin web-000042 --reason "last one before the migration"');
  const left = "It may be pinned: kiln releases unpin <generation> ends that.";
  runs<Options>(command, surroundings, left, async (context, [generation = ""], { reason = "" }) => {
    await pinRelease(await context.stage(), generation, reason);
    return {
      json: { generation, pinned: true },
      text: `${generation} is kept until kiln releases unpin ${generation}`,
    };
  });
}

/** `kiln releases unpin`: a release is kept no longer than the spec says. Harmless when it is not pinned. */
export function addReleasesUnpin(releases: Command, surroundings: Surroundings): void {
  const command = releases
    .command("unpin")
    .description("keep a release no longer than the spec says")
    .argument("<generation>", "such as web-000042");
  examples(command, "kiln releases unpin web-000042");
  runs(command, surroundings, "It may be pinned still.", async (context, [generation = ""]) => {
    const wasPinned = await unpinRelease(await context.stage(), generation);
    const text = wasPinned ? `${generation} is no longer pinned` : `${generation} was not pinned`;
    return { json: { generation, wasPinned }, text };
  });
}

type Pinning = Pick<Stage, "name" | "ledger">;

/** A pin that is there stays as it was made. @throws {CommandFailure} when nothing of the release is left to keep. */
export async function pinRelease(stage: Pinning, generation: string, reason: string): Promise<void> {
  const { service, imageDigest } = await requireRelease(stage, generation);
  const isThere = async (head: Head) => {
    if (isKept(head, generation) || head.known.includes(generation)) return true;
    const marks = await stage.ledger.markedImages(service);
    return marks.includes(generation);
  };
  if (!(await isThere(await stage.ledger.head(service)))) {
    throw new CommandFailure({
      name: "NothingToKeep",
      what: `Nothing is left of ${generation} that could be launched again (image ${imageDigest.slice(0, 12)}).`,
      left: nothingDone,
      fix: `Deploy its version again: kiln releases show ${generation} names it.`,
    });
  }
  const pin = { generation, by: userInfo().username, at: new Date().toISOString(), reason };
  await stage.ledger.updateHead(service, (head) => pinnedWith(head, pin));
}

/** @returns Whether it was pinned. */
export async function unpinRelease(stage: Pinning, generation: string): Promise<boolean> {
  const { service } = await requireRelease(stage, generation);
  let wasPinned = false;
  await stage.ledger.updateHead(service, (head) => {
    const after = unpinned(head, generation);
    wasPinned = after !== head;
    return after;
  });
  return wasPinned;
}
