import type { PushedObject } from "../aws/artifacts.ts";
import { isUsableBase } from "../aws/images.ts";
import { redAlarms } from "../domain/alarms.ts";
import { archiveEnding } from "../domain/archive-format.ts";
import { holdAt } from "../domain/calendar.ts";
import { shrinks } from "../domain/capacity.ts";
import { agreed, type Experiment, experimentSpec } from "../domain/experiment.ts";
import { type Terms, termsIn } from "../domain/experiment-terms.ts";
import { generationOf, type Head, isSuperseded, withDeploy } from "../domain/head.ts";
import { baseImageName, fleetName, generationName } from "../domain/names.ts";
import type { Intent, Release } from "../domain/release.ts";
import { admittedName, type DeployRequest, readDeployRequest } from "../domain/request.ts";
import {
  AlarmRefusedError,
  ArtifactKeyError,
  ArtifactRefusedError,
  DeployHeldError,
  ManualInputError,
  NetworkError,
  ShrinkRefusedError,
} from "../errors.ts";
import { type Contents, currentSpec, readContents } from "./contents.ts";
import { acquireLease } from "./lease.ts";
import { borrowImage, promotedContents, type WhatRuns } from "./promotion.ts";
import { recordingRefusals } from "./refusals.ts";
import { refuseRevoked } from "./revoked.ts";
import { admitRoute } from "./route.ts";
import { type Admission, type AdmissionWorld, skipped, waiting } from "./world.ts";

/** What an execution of deploy tells admission. */
interface Asked {
  execution: string;
  startedAt: string;
  request: unknown;
}

type ValidRequest = Exclude<DeployRequest, { kind: "invalid" }>;

/** Unit: seconds between two looks at a lease that another deploy holds. */
const turnSeconds = 10;

/**
 * Admits a deploy: claims the upload, gives it its place among intents, freezes the release and takes the lease.
 *
 * Before: anything may have been asked. After `ready`: the release is frozen and this execution holds the lease; the path
 * says whether the owned copy of its base is there to bake on, or is to be made.
 * Repeatable: claim, release and lease are found again by this execution's ARN.
 */
export async function admitDeploy(asked: Asked, world: AdmissionWorld): Promise<Admission> {
  return recordingRefusals(asked, world, () => admitted(asked, world));
}

async function admitted(asked: Asked, world: AdmissionWorld): Promise<Admission> {
  const request = validRequest(asked.request);
  const intent = intentOf(request, asked);
  if (request.kind === "upload") {
    const owner = await claim(request, asked.execution, world);
    if (owner !== undefined) return skipped(`duplicate: this upload is deployed by ${owner}`);
  }

  const release = await admittedRelease(request, intent, asked.execution, world);
  if ("status" in release) return release;

  const name = admittedName(request);
  const lease = await acquireLease(name, asked.execution, world, async (owner) =>
    queued(await world.ledger.head(name), intent, owner),
  );
  if ("status" in lease) return lease;
  const ref = { service: release.service, generation: release.generation, fence: lease.fence };
  const head = await world.ledger.head(name);
  if (generationOf(head, asked.execution) === undefined) {
    await world.ledger.releaseLease(ref, asked.execution);
    return queued(head, intent, "what took its place");
  }
  if (head.drill) {
    return { status: "ready", waitSeconds: 0, reason: "a drill was interrupted", release: ref, path: "end-drill" };
  }
  const found = await world.images.find(baseImageName(world.config.stage, release.base));
  const path = isUsableBase(found) ? "bake" : "base";
  return { status: "ready", waitSeconds: 0, reason: "admitted", release: ref, path };
}

/** A rollback that began earlier and waits as well may take the place of a deploy; only what is newer takes it for good. */
function queued(head: Head, intent: Intent, owner: string): Admission {
  if (isSuperseded(head, intent)) return skipped("superseded by a newer deploy while waiting");
  return waiting(turnSeconds, `waiting for ${owner}`);
}

function validRequest(input: unknown): ValidRequest {
  const request = readDeployRequest(input);
  if (request.kind !== "invalid") return request;
  if (request.what === "key") {
    throw new ArtifactKeyError(
      `${request.problem}.`,
      "Push to <service>/<version>.tar.gz, .tgz or .zip, an experiment to <service>/experiments/<name> with such an ending.",
    );
  }
  throw new ManualInputError(
    `The input is not understood: ${request.problem}.`,
    'Give {"service":"web"} or {"service":"web","version":"1.4.2"}.',
  );
}

function intentOf(request: ValidRequest, asked: Asked): Intent {
  if (request.kind === "upload") return { kind: "upload", time: request.time, tieBreak: request.versionId };
  return { kind: request.kind, time: asked.startedAt, tieBreak: asked.execution };
}

/** Claims an upload; returns the execution that deploys it instead, when one does. */
async function claim(
  request: Extract<ValidRequest, { kind: "upload" }>,
  execution: string,
  world: AdmissionWorld,
): Promise<string | undefined> {
  const mine = { key: request.key, versionId: request.versionId, owner: execution };
  const standing = await world.ledger.claimUpload(mine);
  if (standing.owner === execution) return undefined;
  // Only a claim whose owner died without an end of its own is adopted: a failed deploy must not start again by itself.
  const ended = await world.executions.describe(standing.owner);
  if (ended !== "ABORTED" && ended !== "TIMED_OUT" && ended !== "gone") return standing.owner;
  const after = await world.ledger.adoptUpload(mine, standing.owner);
  return after.owner === execution ? undefined : after.owner;
}

/** The frozen release of this execution, made now unless an earlier turn made it. */
async function admittedRelease(
  request: ValidRequest,
  intent: Intent,
  execution: string,
  world: AdmissionWorld,
): Promise<Release | Admission> {
  const name = admittedName(request);
  const before = await world.ledger.head(name);
  const mine = generationOf(before, execution);
  const frozen = mine && (await world.ledger.release(name, mine));
  if (frozen) return frozen;
  if (!mine && isSuperseded(before, intent)) return skipped("superseded by a newer deploy");
  const needless = mine ? undefined : needlessRefresh(request, before);
  if (needless !== undefined) return skipped(needless);

  const { spec, experiment } = await specOf(request, before, world);
  const held = (await heldUp(request, spec, world)) ?? (await alarmed(request, spec, world));
  if (held) return held;
  await refuseShrinking(spec, before, world);
  const { contents, version, origin, promotedFrom } = await contentsOf(request, spec, before, world);
  await refuseRevoked(name, { ...contents, ...(promotedFrom && { promotedFrom }) }, world);
  await refuseAnotherListener(contents, before, world);
  const acceptRule = request.kind !== "upload" && request.acceptRule;
  await admitRoute({ spec, network: contents.network, acceptRule, execution }, before, world);
  if (request.kind === "upload" && (await isUnchanged(contents, before, world))) {
    if (experiment) await world.ledger.updateHead(name, (present) => ({ ...present, experiment }));
    return skipped(`unchanged: ${before.live?.generation} is the same release`);
  }
  const generation = await takeGeneration(name, intent, execution, experiment, world);
  if (!generation) return skipped("superseded by a newer deploy");
  if (promotedFrom) await borrowImage(promotedFrom, contents.imageDigest, generation, world);
  return world.ledger.freeze({
    service: name,
    generation,
    createdAt: new Date(world.now()).toISOString(),
    execution,
    intent,
    version,
    ...(request.kind === "manual" && request.override !== undefined && { override: request.override }),
    provenance: { asked: request.asked, ...origin },
    ...(promotedFrom && { promotedFrom }),
    trialSecret: world.secret(),
    ...contents,
  });
}

/** The service's spec as it is in force, or what it makes of the experiment that is asked for. */
async function specOf(
  request: ValidRequest,
  before: Head,
  world: AdmissionWorld,
): Promise<{ spec: Release["spec"]; experiment?: Experiment }> {
  const { service, experiment: asked } = request;
  const spec = await currentSpec(service, world);
  if (!asked) return { spec };
  const said = request.kind === "upload" ? await termsOf(request.key, request.versionId, world) : {};
  const experiment = agreed({ ...asked, ...said }, before.experiment, spec, world.now());
  return { spec: experimentSpec(spec, { service, experiment: asked.experiment }, experiment), experiment };
}

/** What an upload says of its experiment, in the object's metadata. */
async function termsOf(key: string, versionId: string, { artifacts }: AdmissionWorld): Promise<Terms> {
  const read = termsIn((await artifacts.find(key, versionId)).metadata ?? {});
  if ("terms" in read) return read.terms;
  throw new ArtifactRefusedError(
    `The metadata of ${key} is not understood: ${read.problem}.`,
    "Push it again with experiment-size, experiment-hours and experiment-host as docs/operating.md says them, or without.",
  );
}

/** What is to run: an artifact that is read now, or what serves in an experiment already. */
async function contentsOf(
  request: ValidRequest,
  spec: Release["spec"],
  before: Head,
  world: AdmissionWorld,
): Promise<WhatRuns> {
  if (request.kind !== "upload" && request.promote !== undefined) {
    return promotedContents({ service: request.service, experiment: request.promote }, spec, world);
  }
  const object = await findArtifact(request, before, world);
  const { key, pushedAt, source } = object;
  const origin = { pushedAt, ...(source && { source }) };
  // An experiment stands on what its service would stand on.
  const { basePin } = request.experiment ? await world.ledger.head(request.service) : before;
  return { contents: await readContents(spec, basePin, object, world), version: versionOf(key), origin };
}

/** A refresh stands behind everything else: what somebody else deploys, or has deployed since, is made on today's base. */
function needlessRefresh(request: ValidRequest, { live, pending }: Head): string | undefined {
  if (request.kind !== "refresh") return undefined;
  if (pending) return `superseded: ${pending.generation} is being deployed`;
  const { replacing } = request;
  if (replacing === undefined || live?.generation === replacing) return undefined;
  return `superseded: ${replacing} is no longer live`;
}

/**
 * A freeze and the service's windows hold for everything but a person's own reason. A refresh comes by itself the next day,
 * so being held up is no failure of it.
 */
async function heldUp(
  request: ValidRequest,
  spec: Release["spec"],
  world: AdmissionWorld,
): Promise<Admission | undefined> {
  if (request.kind === "manual" && request.override !== undefined) return undefined;
  const hold = holdAt(world.now(), spec.windows ?? [], await world.ledger.freezes.of(request.service));
  if (!hold) return undefined;
  if (request.kind === "refresh") return skipped(`held up: ${hold.why}`);
  const from = hold.until === null ? "Later" : `From ${hold.until} on`;
  throw new DeployHeldError(
    `${request.service} is not deployed now: ${hold.why}.`,
    `${from}: kiln deploy ${request.service}. Now: kiln deploy ${request.service} --override "<why>".`,
  );
}

/** Nobody should deploy into an incident without saying so; a deploy that is to end it says why (override). */
async function alarmed(
  request: ValidRequest,
  spec: Release["spec"],
  world: AdmissionWorld,
): Promise<Admission | undefined> {
  if (request.kind === "manual" && request.override !== undefined) return undefined;
  const red = redAlarms(await world.alarms.states(spec.alarms ?? []));
  if (red === undefined) return undefined;
  if (request.kind === "refresh") return skipped(`held up: alarm ${red}`);
  throw new AlarmRefusedError(
    `${request.service} is not deployed now: alarm ${red}.`,
    `When it is green: kiln deploy ${request.service}. To mend what it says: kiln deploy ${request.service} --override "<why>".`,
  );
}

async function findArtifact(request: ValidRequest, head: Head, world: AdmissionWorld): Promise<PushedObject> {
  if (request.kind === "upload") return world.artifacts.find(request.key, request.versionId);
  const { service, experiment } = request;
  if (experiment && experiment.version === undefined) {
    return world.artifacts.findExperiment({ service, experiment: experiment.experiment });
  }
  const version = experiment?.version ?? request.version;
  if (version !== undefined) return world.artifacts.findVersion(service, version);
  const live = head.live && (await world.ledger.release(request.service, head.live.generation));
  if (request.kind === "refresh" && live) return world.artifacts.find(live.artifact.key, live.artifact.versionId);
  return world.artifacts.newest(request.service);
}

async function refuseShrinking(spec: Release["spec"], head: Head, world: AdmissionWorld): Promise<void> {
  if (!head.live || spec.allowShrink) return;
  const live = await world.fleets.read(fleetName(world.config.stage, head.live.generation));
  if (!live || !shrinks(spec.capacity, live)) return;
  throw new ShrinkRefusedError(
    `capacity.max is ${spec.capacity.max}, but ${live.inService} instances serve and ${live.desired} are wanted.`,
    "Raise it, or say allowShrink: true.",
  );
}

/** A rule belongs to one listener: moving a service between listeners would not be one atomic change. */
async function refuseAnotherListener(contents: Contents, head: Head, world: AdmissionWorld): Promise<void> {
  const live = head.live && (await world.ledger.release(head.service, head.live.generation));
  if (!live || live.network.listenerArn === contents.network.listenerArn) return;
  throw new NetworkError(
    `${head.service} serves on listener ${live.network.listenerArn}; its spec now names ${contents.network.listenerArn}.`,
    "Keep the listener, or deploy it as a new service there and move its name.",
  );
}

async function isUnchanged(contents: Contents, head: Head, world: AdmissionWorld): Promise<boolean> {
  if (!head.live || head.pending) return false;
  const live = await world.ledger.release(head.service, head.live.generation);
  return live?.releaseDigest === contents.releaseDigest;
}

async function takeGeneration(
  name: string,
  intent: Intent,
  execution: string,
  experiment: Experiment | undefined,
  world: AdmissionWorld,
): Promise<string | undefined> {
  const head = await world.ledger.updateHead(name, (present) => {
    if (generationOf(present, execution) !== undefined || isSuperseded(present, intent)) return present;
    const next = withDeploy(present, intent, execution, generationName(name, present.nextOrdinal));
    // What was lent in the meantime stays lent.
    return experiment ? { ...next, experiment: { ...experiment, lent: present.experiment?.lent } } : next;
  });
  return generationOf(head, execution);
}

function versionOf(key: string): string {
  return (key.split("/").at(-1) ?? key).replace(archiveEnding, "");
}
