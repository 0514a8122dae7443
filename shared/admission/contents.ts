import { inspectArchive, normalised } from "../archive-inspection.ts";
import type { PushedObject } from "../aws/artifacts.ts";
import { parameterNames } from "../aws/parameters.ts";
import { digestOf } from "../digests.ts";
import { archiveLimits, readProcfile } from "../domain/archive-rules.ts";
import type { Part, Release } from "../domain/release.ts";
import { knownBases, type ServiceSpec } from "../domain/service-spec.ts";
import { ArtifactRefusedError, BaseRefusedError, NetworkError, UnknownServiceError } from "../errors.ts";
import type { AdmissionWorld } from "./world.ts";

/** Everything of a release but its name: what will run, on what, started how. */
export type Contents = Pick<
  Release,
  "artifact" | "layers" | "base" | "start" | "spec" | "network" | "imageDigest" | "releaseDigest"
>;

/** The spec that was last applied for a service. @throws {UnknownServiceError} */
export async function currentSpec(service: string, world: AdmissionWorld): Promise<ServiceSpec> {
  const digest = await world.parameters.read(parameterNames.spec(world.config.stage, service));
  if (digest) return world.ledger.readSpec(service, digest);
  throw new UnknownServiceError(
    `Service "${service}" is unknown in stage ${world.config.stage}.`,
    "Apply its spec first: kiln service apply kiln.yaml.",
  );
}

/**
 * Reads the artifact once and resolves everything a release depends on. Nothing is created on AWS here: whatever is wrong
 * is refused before.
 */
export async function readContents(spec: ServiceSpec, object: PushedObject, world: AdmissionWorld): Promise<Contents> {
  const network = await resolveNetwork(spec, world);
  const base = await resolveBase(spec, world);
  const layers: Part[] = [];
  for (const name of spec.layers) layers.push(await readLayer(name, world));
  const { part, procfile, programs } = await readArchive(object, spec.service, world);
  const start = spec.command ?? startOf(object.key, procfile);
  refuseWrongArchitecture(object.key, start, programs, base.architecture);

  const imageDigest = digestOf({
    artifact: part.sha256,
    layers: layers.map(({ name, sha256 }) => ({ name, sha256 })),
    base: base.imageId,
    start,
  });
  const releaseDigest = digestOf({ imageDigest, spec, network });
  return { artifact: part, layers, base, start, spec, network, imageDigest, releaseDigest };
}

async function resolveNetwork(spec: ServiceSpec, world: AdmissionWorld) {
  const listener = spec.listener ?? (await world.parameters.read(parameterNames.listener(world.config.stage)));
  if (listener) return world.networks.resolve(listener, spec.securityGroups);
  throw new NetworkError(
    `Service ${spec.service} names no listener, and stage ${world.config.stage} has none of its own.`,
    `Name one in the spec (listener), or store its ARN in the parameter ${parameterNames.listener(world.config.stage)}.`,
  );
}

async function resolveBase(spec: ServiceSpec, world: AdmissionWorld): Promise<Release["base"]> {
  const { architecture } = spec;
  if (typeof spec.base === "object") return { name: spec.base.ami, imageId: spec.base.ami, architecture };
  const parameter = knownBases[spec.base][architecture];
  const imageId = await world.parameters.read(parameter);
  if (imageId) return { name: spec.base, imageId, architecture };
  throw new BaseRefusedError(`The public parameter ${parameter} does not exist here.`, "Name the base by its AMI id.");
}

/** A layer is read once for each version of it; after that the ledger knows its digests. */
async function readLayer(name: string, world: AdmissionWorld): Promise<Part> {
  const object = await world.artifacts.find(`layers/${name}.tar.gz`);
  const known = await world.ledger.layer(name, object.versionId);
  if (known) return known;
  const { part } = await readArchive(object, name, world);
  await world.ledger.storeLayer(part);
  return part;
}

async function readArchive(object: PushedObject, name: string, world: AdmissionWorld) {
  if (object.bytes > archiveLimits.bytes) {
    throw new ArtifactRefusedError(
      `${object.key} has ${object.bytes} bytes, more than ${archiveLimits.bytes}.`,
      "Make it smaller, for example by moving the runtime into a layer.",
    );
  }
  const stream = await world.artifacts.read(object.key, object.versionId);
  const found = await inspectArchive(stream, object.key);
  await world.ledger.storePartDigests(found.sha256, found.blockDigests);
  const { bytes, unpackedBytes, sha256 } = found;
  const part: Part = { name, key: object.key, versionId: object.versionId, bytes, unpackedBytes, sha256 };
  return { part, procfile: found.procfile, programs: found.programs };
}

function startOf(key: string, procfile: string | undefined): string {
  if (procfile === undefined) {
    throw new ArtifactRefusedError(
      `${key} has no Procfile and the spec has no command: nothing says how to start it.`,
      'Add a Procfile with a line "web: <command>", or a command to the spec.',
    );
  }
  const read = readProcfile(procfile);
  if ("start" in read) return read.start;
  throw new ArtifactRefusedError(`The Procfile of ${key} is refused: ${read.refused}.`, "Mend it and push again.");
}

function refuseWrongArchitecture(key: string, start: string, programs: Map<string, string>, wanted: string): void {
  const program = normalised(start.split(/\s+/)[0] ?? "");
  const found = programs.get(program);
  if (found === undefined || found === wanted) return;
  throw new ArtifactRefusedError(
    `${key} starts ${program}, which is built for ${found}; the service runs on ${wanted}.`,
    "Build it for the service's architecture, or change architecture in the spec.",
  );
}
