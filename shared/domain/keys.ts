import { archiveEnding, archiveEndings } from "./archive-format.ts";
import { type ExperimentId, experimentOf, experimentPattern, servicePattern } from "./names.ts";

/** Where a pushed object belongs, read from its key in the artifact bucket. */
export type ArtifactKey =
  | { kind: "production"; service: string; version: string }
  | { kind: "experiment"; service: string; experiment: string }
  | { kind: "layer"; name: string }
  | { kind: "unknown"; reason: string };

export const versionPattern = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;
export const layerNamePattern = /^[a-z0-9][a-z0-9._-]{0,31}$/;

/**
 * Reads a key of the artifact bucket: `<service>/<version>.tar.gz`, `<service>/experiments/<name>.tar.gz`,
 * `layers/<name>.tar.gz`; `.tgz` and `.zip` do as well.
 */
export function readArtifactKey(key: string): ArtifactKey {
  const segments = key.split("/");
  const file = segments.at(-1) ?? "";
  const stem = file.replace(archiveEnding, "");
  if (stem === file) return { kind: "unknown", reason: "the key ends in neither .tar.gz, .tgz nor .zip" };
  const [first = "", second = ""] = segments;
  if (segments.length === 2 && first === "layers") {
    if (layerNamePattern.test(stem)) return { kind: "layer", name: stem };
    return { kind: "unknown", reason: `"${stem}" is no layer name (${layerNamePattern.source})` };
  }
  if (!servicePattern.test(first)) return { kind: "unknown", reason: `"${first}" is no service name` };
  if (!versionPattern.test(stem)) return { kind: "unknown", reason: `"${stem}" is no version` };
  if (segments.length === 2) return { kind: "production", service: first, version: stem };
  if (segments.length === 3 && second === "experiments") {
    if (experimentPattern.test(stem)) return { kind: "experiment", service: first, experiment: stem };
    return { kind: "unknown", reason: `"${stem}" is no experiment name (${experimentPattern.source})` };
  }
  return { kind: "unknown", reason: "it has too many parts" };
}

/** Keys under which a layer may have been pushed, in the order they are tried. */
export function keysOfLayer(name: string): string[] {
  return archiveEndings.map((ending) => `layers/${name}.${ending}`);
}

/** Keys under which a version may have been pushed, in the order they are tried. */
export function keysOfVersion(service: string, version: string): string[] {
  return archiveEndings.map((ending) => `${service}/${version}.${ending}`);
}

/** Keys under which an experiment may have been pushed, in the order they are tried. */
export function keysOfExperiment({ service, experiment }: ExperimentId): string[] {
  return archiveEndings.map((ending) => `${service}/experiments/${experiment}.${ending}`);
}

/** Where the documents of a service or an experiment stand; an experiment's are never among its service's. */
function home(name: string): string {
  const id = experimentOf(name);
  return id ? `experiments/${id.service}/${id.experiment}` : `services/${name}`;
}

/** Keys of the ledger bucket. `service` is the name of a service, or the one that stands for an experiment. */
export const ledgerKeys = {
  upload: (versionId: string) => `uploads/${encodeURIComponent(versionId)}.json`,
  spec: (service: string, digest: string) => `services/${service}/specs/${digest}.json`,
  head: (service: string) => `${home(service)}/head.json`,
  lease: (service: string) => `${home(service)}/lease.json`,
  approval: (service: string, generation: string) => `${home(service)}/approvals/${generation}.json`,
  /** Of a service alone: an experiment runs nothing once. */
  once: (service: string, generation: string) => `services/${service}/once/${generation}.json`,
  pins: (service: string) => `${home(service)}/pins.json`,
  release: (service: string, generation: string) => `${home(service)}/releases/${generation}.json`,
  releases: (service: string) => `${home(service)}/releases/`,
  /** Of a service alone: an experiment has nothing to go back to. */
  wayBack: (service: string) => `services/${service}/way-back.json`,
  touch: (service: string, instanceId: string) => `${home(service)}/touched/${instanceId}.json`,
  touches: (service: string) => `${home(service)}/touched/`,
  refusal: (service: string, at: string, cause: string) =>
    `${home(service)}/refused/${at}-${encodeURIComponent(cause)}.json`,
  refusals: (service: string) => `${home(service)}/refused/`,
  refreshPause: (service: string, cause: string) => `services/${service}/refresh-paused/${cause}.json`,
  history: (service: string, generation: string) => `${home(service)}/history/${generation}/`,
  images: (service: string) => `services/${service}/images.json`,
  reapedImage: (service: string, imageId: string) => `services/${service}/reaped/${imageId}.json`,
  /** What is remembered of the stage's base images; they belong to no service. */
  bases: {
    images: () => "bases/images.json",
    reapedImage: (_owner: string, imageId: string) => `bases/reaped/${imageId}.json`,
  },
  zipRecipe: (sha256: string) => `parts/${sha256}.zip-recipe`,
  inventory: (sha256: string) => `parts/${sha256}.inventory.json`,
  partDigests: (sha256: string) => `parts/${sha256}.blocks`,
  bake: (snapshotId: string) => `bakes/${snapshotId}/`,
  bakedBlocks: (snapshotId: string, first: number, written: number) =>
    `bakes/${snapshotId}/${String(first).padStart(8, "0")}-${String(written).padStart(8, "0")}`,
  layer: (name: string, versionId: string) => `layers/${name}/${encodeURIComponent(versionId)}.json`,
  recipe: (name: string, digest: string) => `recipes/${name}/${digest}.json`,
  golden: (digest: string) => `golden/${digest}.json`,
  goldens: "golden/",
  freezeOfStage: "freeze.json",
  revocations: "revocations.json",
  freeze: (service: string) => `${home(service)}/freeze.json`,
  services: "services/",
  experiments: "experiments/",
} as const;
