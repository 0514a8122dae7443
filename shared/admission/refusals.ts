import { parameterNames } from "../aws/parameters.ts";
import { experimentName } from "../domain/names.ts";
import { withRefreshFailure } from "../domain/refresh.ts";
import { subjectOf } from "../domain/request.ts";
import {
  ArtifactKeyError,
  ArtifactMissingError,
  ArtifactRefusedError,
  BaseRefusedError,
  DeployHeldError,
  type KilnError,
  LayerRefusedError,
  ManualInputError,
  NetworkError,
  PromotionRefusedError,
  RevokedError,
  ShrinkRefusedError,
} from "../errors.ts";
import type { AdmissionWorld } from "./world.ts";

/** Errors that say no to what was asked; the others are troubles of ours or AWS's, which another try may not have. */
const refusals = [
  ArtifactKeyError,
  ArtifactMissingError,
  ArtifactRefusedError,
  BaseRefusedError,
  DeployHeldError,
  LayerRefusedError,
  ManualInputError,
  NetworkError,
  PromotionRefusedError,
  RevokedError,
  ShrinkRefusedError,
] as const;

/**
 * Runs an admission; when it refuses what was asked, writes that down under the service, where `kiln releases` finds it:
 * there is no release yet whose history could tell. Nothing is written for a service that nobody applied a spec for.
 */
export async function recordingRefusals<T>(
  asked: { execution: string; startedAt: string; request: unknown },
  world: AdmissionWorld,
  admit: () => Promise<T>,
): Promise<T> {
  try {
    return await admit();
  } catch (error) {
    if (refusals.some((Refusal) => error instanceof Refusal)) await record(asked, error as KilnError, world);
    throw error;
  }
}

async function record(
  asked: { execution: string; startedAt: string; request: unknown },
  error: KilnError,
  world: AdmissionWorld,
): Promise<void> {
  const { service, experiment, key, versionId, time, isRefresh } = subjectOf(asked.request);
  if (service === undefined) return;
  if ((await world.parameters.read(parameterNames.spec(world.config.stage, service))) === undefined) return;
  if (isRefresh) await countRefusedRefresh(service, asked.execution, error, world);
  const name = experiment === undefined ? service : experimentName({ service, experiment });
  await world.ledger.recordRefusal(name, {
    at: time ?? asked.startedAt,
    error: error.name,
    message: error.message,
    execution: asked.execution,
    ...(key !== undefined && { key }),
    ...(versionId !== undefined && { versionId }),
  });
}

/** A refresh that is refused again and again is paused like one that fails. */
async function countRefusedRefresh(
  service: string,
  execution: string,
  { name }: KilnError,
  { ledger, now }: AdmissionWorld,
): Promise<void> {
  const failure = { cause: execution, at: new Date(now()).toISOString(), error: name };
  const head = await ledger.updateHead(service, (present) => withRefreshFailure(present, failure));
  await ledger.announceRefreshPause(head, execution);
}
