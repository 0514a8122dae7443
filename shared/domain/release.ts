import type { Provenance } from "./provenance.ts";
import type { ServiceSpec } from "./service-spec.ts";

/** One archive that a release carries, pinned to the exact S3 version. */
export interface Part {
  name: string;
  key: string;
  versionId: string;
  /** Unit: bytes of the archive as it is baked: as pushed, unless that was a zip. */
  bytes: number;
  /** Unit: bytes once unpacked. */
  unpackedBytes: number;
  /** Hex SHA-256 of the archive as it is baked. */
  sha256: string;
  /** How many packages its manifests name, and what they leave open; absent when nobody looked. */
  inventory?: { components: number; gaps: string[] };
  /** The zip that was pushed and is baked as a `.tar.gz`; absent for what was pushed as one. */
  zip?: { bytes: number; sha256: string };
}

/** A layer as it was inspected when a release first used it. */
export interface LayerPart extends Part {
  /** What the programs that it puts on PATH are built for; absent in records of before Kiln looked. */
  platforms?: string[];
}

/** Where a release's fleet lives and which listener carries it, resolved once at admission. */
export interface Network {
  listenerArn: string;
  loadBalancerArn: string;
  /** How probes reach the listener. */
  origin: string;
  vpcId: string;
  subnetIds: string[];
  securityGroupIds: string[];
}

/** What asked for a deploy, and where it stands in the order of intents. */
export interface Intent {
  kind: "upload" | "manual" | "refresh" | "rollback";
  /** ISO time: S3's event time for an upload, the execution's start otherwise. Never a client's clock. */
  time: string;
  /** Ties of time are broken by this: the object's version id, or the execution ARN. */
  tieBreak: string;
}

/** A release, frozen when it is admitted; nothing in it ever changes. */
export interface Release {
  service: string;
  generation: string;
  createdAt: string;
  execution: string;
  intent: Intent;
  version: string;
  /** Why it was deployed in spite of a freeze or outside the windows, in the words of whoever did. */
  override?: string;
  /** Who or what asked for it, and what it was built from; absent in records of before Kiln wrote it down. */
  provenance?: Provenance;
  /** The experiment whose live release it is, image included: the name that stands for it, and that release's generation. */
  promotedFrom?: { experiment: string; generation: string };
  artifact: Part;
  layers: LayerPart[];
  base: {
    name: string;
    /** The public image underneath; of a golden base, its parent. */
    imageId: string;
    architecture: "x86_64" | "arm64";
    /** Of a golden base: the recipe, and the digest of recipe and parent that names the image. */
    golden?: { recipe: string; recipeDigest: string; digest: string };
  };
  start: string;
  spec: ServiceSpec;
  network: Network;
  /** Hex SHA-256 of what the image contains: artifact, layers, base, start command. */
  imageDigest: string;
  /** Hex SHA-256 of everything that would make a fleet differ: image digest, spec, network. */
  releaseDigest: string;
  /** 128-bit secret, hex: the header value that reaches the candidate through its trial rule. */
  trialSecret: string;
}

/** Whose image a release stands on: its own service's, or the experiment's that it was promoted from. */
export function imageOwner({ service, promotedFrom }: Pick<Release, "service" | "promotedFrom">): string {
  return promotedFrom?.experiment ?? service;
}

/** Orders intents: negative when `a` is older than `b`. */
export function compareIntents(a: Intent, b: Intent): number {
  const byTime = Date.parse(a.time) - Date.parse(b.time);
  if (byTime !== 0) return byTime;
  return a.tieBreak < b.tieBreak ? -1 : a.tieBreak > b.tieBreak ? 1 : 0;
}
