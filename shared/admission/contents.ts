import { type Inspection, type InspectionOptions, inspectArchive } from "../archive-inspection.ts";
import type { PushedObject } from "../aws/artifacts.ts";
import { parameterNames } from "../aws/parameters.ts";
import { resolveBase } from "../base-resolution.ts";
import { digestOf } from "../digests.ts";
import { formatOfName } from "../domain/archive-format.ts";
import { archiveLimits, normalised, readProcfile, shown } from "../domain/archive-rules.ts";
import type { Head } from "../domain/head.ts";
import { keysOfLayer } from "../domain/keys.ts";
import { serviceOf } from "../domain/names.ts";
import type { LayerPart, Part, Release } from "../domain/release.ts";
import { secretIn } from "../domain/secrets.ts";
import type { ServiceSpec } from "../domain/service-spec.ts";
import { ArtifactRefusedError, LayerRefusedError, NetworkError, UnknownServiceError } from "../errors.ts";
import { inspectZip } from "../zip-inspection.ts";
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
export async function readContents(
  spec: ServiceSpec,
  pin: Head["basePin"],
  object: PushedObject,
  world: AdmissionWorld,
): Promise<Contents> {
  const network = await resolveNetwork(spec, world);
  const base = await resolveBase(spec, pin, world);
  const layers = await readLayers(spec, world);
  const { part, programs, ...found } = await readArchive(object, serviceOf(spec.service), "refuse", world);
  const start = spec.command ?? startOf(object.key, found);
  refuseSecret(object.key, start);
  refuseWrongArchitecture(object.key, start, programs, base.architecture);

  const imageDigest = digestOf({
    artifact: part.sha256,
    layers: layers.map(({ name, sha256 }) => ({ name, sha256 })),
    base: base.golden?.digest ?? base.imageId,
    start,
  });
  const releaseDigest = digestOf({ imageDigest, spec, network });
  return { artifact: part, layers, base, start, spec, network, imageDigest, releaseDigest };
}

/** Where the fleet lives, resolved from the spec now. */
export async function resolveNetwork(spec: ServiceSpec, world: AdmissionWorld) {
  const listener = spec.listener ?? (await world.parameters.read(parameterNames.listener(world.config.stage)));
  if (listener) return world.networks.resolve(listener, spec.securityGroups);
  throw new NetworkError(
    `Service ${spec.service} names no listener, and stage ${world.config.stage} has none of its own.`,
    `Name one in the spec (listener), or store its ARN in the parameter ${parameterNames.listener(world.config.stage)}.`,
  );
}

/** All layers of a spec; those that were never pushed are reported together. */
async function readLayers({ layers, architecture }: ServiceSpec, world: AdmissionWorld): Promise<LayerPart[]> {
  const objects = await Promise.all(layers.map((name) => world.artifacts.findNewest(keysOfLayer(name))));
  const unknown = layers.filter((_, index) => !objects[index]);
  if (unknown.length > 0) {
    throw new LayerRefusedError(
      `The spec names ${unknown.join(" and ")} among its layers, never pushed to bucket ${world.config.artifactsBucket}.`,
      `Push what is missing (kiln push <file> --layer ${unknown[0]}), or take it out of the spec.`,
    );
  }
  const parts: LayerPart[] = [];
  for (const [index, name] of layers.entries()) {
    const object = objects[index];
    if (object) parts.push(await readLayer(name, object, world));
  }
  for (const { name, platforms = [] } of parts) refuseForeignLayer(name, platforms, architecture);
  return parts;
}

/** A layer is read once for each version of it; after that the ledger knows its digests. */
async function readLayer(name: string, object: PushedObject, world: AdmissionWorld): Promise<LayerPart> {
  const known = await world.ledger.parts.layer(name, object.versionId);
  if (known) return known;
  const { part, programs } = await readArchive(object, name, "accept", world);
  const platforms = [...programs].filter(([path]) => /^(bin\/)?[^/]+$/.test(path)).map(([, platform]) => platform);
  const layer = { ...part, platforms: [...new Set(platforms)].sort() };
  await world.ledger.parts.storeLayer(layer);
  return layer;
}

/** A layer may carry programs for several platforms; one with none for the servers' is a mistake. */
function refuseForeignLayer(name: string, platforms: readonly string[], wanted: string): void {
  if (platforms.length === 0 || platforms.includes(wanted)) return;
  throw new LayerRefusedError(
    `The programs of layer ${name} are built for ${platforms.join(" and ")}; the service runs on ${wanted}.`,
    "Push the layer for the service's architecture under another name and name that, or change architecture in the spec.",
  );
}

async function readArchive(
  object: PushedObject,
  name: string,
  caseCollisions: InspectionOptions["caseCollisions"],
  world: AdmissionWorld,
) {
  if (object.bytes > archiveLimits.bytes) {
    throw new ArtifactRefusedError(
      `${object.key} has ${object.bytes} bytes, more than ${archiveLimits.bytes}.`,
      "Make it smaller, for example by moving the runtime into a layer.",
    );
  }
  const { found, zip } = await inspected(object, { name: object.key, caseCollisions }, world);
  await world.ledger.parts.storeDigests(found.sha256, found.blockDigests);
  const { bytes, unpackedBytes, sha256, inventory } = found;
  const { components, gaps } = inventory;
  // An archive without any manifest has nothing that is worth a document of its own.
  if (components.length > 0) await world.ledger.parts.storeInventory(sha256, inventory);
  const part: Part = {
    name,
    key: object.key,
    versionId: object.versionId,
    bytes,
    unpackedBytes,
    sha256,
    inventory: { components: components.length, gaps },
  };
  return { ...found, part: zip ? { ...part, zip } : part };
}

async function inspected(
  { key, versionId, bytes }: PushedObject,
  options: InspectionOptions,
  world: AdmissionWorld,
): Promise<{ found: Inspection; zip?: NonNullable<Part["zip"]> }> {
  if (formatOfName(key) !== "zip") {
    return { found: await inspectArchive(await world.artifacts.read(key, versionId), options) };
  }
  const read = (first: number, last: number) => world.artifacts.read(key, versionId, { first, last });
  const found = await inspectZip(read, bytes, options);
  await world.ledger.parts.storeZipRecipe(found.zip.sha256, found.recipe);
  return { found, zip: found.zip };
}

function startOf(key: string, { procfile, procfileBelow }: Pick<Inspection, "procfile" | "procfileBelow">): string {
  if (procfile === undefined) {
    const below =
      procfileBelow && ` There is a ${shown(procfileBelow)}: pack what is in the directory, not the directory.`;
    throw new ArtifactRefusedError(
      `${key} has no Procfile at its top and the spec has no command: nothing says how to start it.${below ?? ""}`,
      'Add a Procfile with a line "web: <command>", or a command to the spec.',
    );
  }
  const read = readProcfile(procfile);
  if ("start" in read) return read.start;
  throw new ArtifactRefusedError(`The Procfile of ${key} is refused: ${read.refused}.`, "Mend it and push again.");
}

function refuseSecret(key: string, start: string): void {
  const secret = secretIn(start);
  if (!secret) return;
  throw new ArtifactRefusedError(
    `The start command of ${key} holds ${secret}, and release records are readable.`,
    "Let the program read it from SSM Parameter Store or Secrets Manager with its instanceProfile.",
  );
}

function refuseWrongArchitecture(key: string, start: string, programs: Map<string, string>, wanted: string): void {
  const program = normalised(start.replace(/^exec\s+/, "").split(/\s+/)[0] ?? "");
  const found = programs.get(program);
  if (found === undefined || found === wanted) return;
  throw new ArtifactRefusedError(
    `${key} starts ${program}, which is built for ${found}; the service runs on ${wanted}.`,
    "Build it for the service's architecture, or change architecture in the spec.",
  );
}
