import { digestOf } from "../digests.ts";
import { isLentTo, isOver, lending } from "../domain/experiment.ts";
import { type ExperimentId, experimentName } from "../domain/names.ts";
import type { Provenance } from "../domain/provenance.ts";
import type { Release } from "../domain/release.ts";
import { PromotionRefusedError } from "../errors.ts";
import { type Contents, resolveNetwork } from "./contents.ts";
import type { AdmissionWorld } from "./world.ts";

type Promoted = NonNullable<Release["promotedFrom"]>;

/** What is to run, and where it comes from. */
export interface WhatRuns {
  contents: Contents;
  version: string;
  origin: Omit<Provenance, "asked">;
  promotedFrom?: Promoted;
}

/**
 * What serves in an experiment, as a release of its service: the same image, under the service's own spec.
 * @throws {PromotionRefusedError} when nothing serves there, or the spec wants other processors by now.
 */
export async function promotedContents(
  id: ExperimentId,
  spec: Release["spec"],
  world: AdmissionWorld,
): Promise<WhatRuns> {
  const name = experimentName(id);
  const { live, experiment } = await world.ledger.head(name);
  const release = live && (await world.ledger.release(name, live.generation));
  if (!release || !experiment || isOver(experiment, world.now())) throw nothingServes(id);
  const { artifact, layers, base, start, imageDigest } = release;
  if (base.architecture !== spec.architecture) {
    throw new PromotionRefusedError(
      `Experiment ${id.experiment} runs on ${base.architecture}; ${id.service} is for ${spec.architecture} by its spec.`,
      "Push the artifact built for the service's architecture.",
    );
  }
  const network = await resolveNetwork(spec, world);
  const releaseDigest = digestOf({ imageDigest, spec, network });
  const { pushedAt = release.createdAt, source } = release.provenance ?? {};
  return {
    origin: { pushedAt, ...(source && { source }) },
    contents: { artifact, layers, base, start, spec, network, imageDigest, releaseDigest },
    version: release.version,
    promotedFrom: { experiment: name, generation: release.generation },
  };
}

/**
 * Writes into the experiment's head that a release of the service stands on its image, which is from then on left to
 * whoever gives it up last. Nothing of that release exists on AWS before.
 * @throws {PromotionRefusedError} when the experiment was replaced or its removal has begun in the meantime.
 */
export async function borrowImage(
  { experiment, generation }: Promoted,
  imageDigest: string,
  to: string,
  world: AdmissionWorld,
): Promise<void> {
  const head = await world.ledger.updateHead(experiment, (present) =>
    lending(present, { generation, imageDigest }, to),
  );
  if (isLentTo(head, to)) return;
  throw new PromotionRefusedError(
    `${generation} no longer serves in experiment ${experiment}, so its image is not deployed.`,
    "Promote what serves there now, or push the artifact.",
  );
}

function nothingServes({ service, experiment }: ExperimentId): PromotionRefusedError {
  return new PromotionRefusedError(
    `Nothing serves in experiment ${experiment} of ${service}.`,
    `Start it first (kiln experiment start ${service} ${experiment}), or push the artifact to ${service}/.`,
  );
}
