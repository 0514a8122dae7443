/**
 * Every name Kiln gives to something on AWS, derived from stage, service and generation alone: a retry, a zombie and the
 * sweep all arrive at the same name, so a creation that already happened is found instead of repeated.
 */

/** Stage: part of every name and path. 1–12 characters, because the longest derived name has a limit of 64. */
export const stagePattern = /^[a-z][a-z0-9-]{0,11}$/;

/** Service: 2–24 lower-case letters, digits and dashes; starts with a letter, ends with none but letter or digit. */
export const servicePattern = /^[a-z][a-z0-9-]{0,22}[a-z0-9]$/;

/** Experiment: 1–20 lower-case letters, digits and dashes. Its image's name, the longest one, has a limit of 128. */
export const experimentPattern = /^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$/;

/** An experiment of a service. */
export interface ExperimentId {
  service: string;
  experiment: string;
}

/**
 * The name that stands for an experiment wherever a service's name stands: in generations, names on AWS, tags, and the
 * input of every handler. No service has a dot in its name, so it is never that of another service.
 */
export function experimentName({ service, experiment }: ExperimentId): string {
  return `${service}.${experiment}`;
}

/** Which experiment a name stands for; undefined for a service. */
export function experimentOf(name: string): ExperimentId | undefined {
  const [service = "", experiment] = name.split(".");
  return experiment === undefined ? undefined : { service, experiment };
}

/** The service that a name is about: its own, or the one that the experiment is of. */
export function serviceOf(name: string): string {
  return experimentOf(name)?.service ?? name;
}

/** The generation of a release: the service's name and a six-digit ordinal. */
export function generationName(service: string, ordinal: number): string {
  return `${service}-${String(ordinal).padStart(6, "0")}`;
}

/** The ordinal of `web-000042` is 42; undefined when it is no generation of this service. */
export function ordinalOf(service: string, generation: string): number | undefined {
  const digits = generation.startsWith(`${service}-`) ? generation.slice(service.length + 1) : "";
  return /^\d{6,}$/.test(digits) ? Number(digits) : undefined;
}

/** Auto Scaling group of a fleet. Limit 255 characters (Auto Scaling XmlStringMaxLen255). */
export function fleetName(stage: string, generation: string): string {
  return `kiln-${stage}-${generation}`;
}

/** Launch template of a service; each release is a numbered version of it. Limit 128 characters. */
export function templateName(stage: string, service: string): string {
  return `kiln-${stage}-${service}`;
}

/**
 * Target group of a fleet. ELBv2 allows 32 characters, so a digest of the full name keeps stages and services apart.
 * @param digest Hex digest of `<stage>/<generation>`; the first ten digits are used.
 */
export function targetGroupName(generation: string, digest: string): string {
  // ELBv2 takes no dots; the digest tells an experiment `web.new` from a service `web-new`.
  const whole = generation.replace(".", "-");
  const readable = whole.length <= 21 ? whole : `${whole.slice(0, 13)}-${whole.slice(-6)}`;
  return `${readable}-${digest.slice(0, 10)}`;
}

/** Image of a release: the digest of exactly what it contains. Limit 128 characters (RegisterImage Name). */
export function imageName(stage: string, service: string, imageDigest: string): string {
  return `kiln/${stage}/${service}/${imageDigest}`;
}

/** Owned, encrypted copy of a base image. */
export function ownedBaseName(stage: string, baseImageId: string): string {
  return `kiln/${stage}/base/${baseImageId}`;
}

/** Golden image: the digest of recipe and parent. */
export function goldenName(stage: string, goldenDigest: string): string {
  return `kiln/${stage}/golden/${goldenDigest}`;
}

/** The image that releases on a base are registered on: the owned copy, or the golden build. */
export function baseImageName(stage: string, base: { imageId: string; golden?: { digest: string } }): string {
  return base.golden ? goldenName(stage, base.golden.digest) : ownedBaseName(stage, base.imageId);
}

/** Instance profile of builders and throw-away instances; its role lets their agents be reached, and nothing else. */
export function builderProfileName(stage: string): string {
  return `kiln-${stage}-builder`;
}

/** A client token of at most 64 characters, the least any AWS call allows (EBS direct, RunInstances). */
export function clientToken(purpose: string, digest: string): string {
  return `${purpose}-${digest}`.slice(0, 64);
}

/** Tags Kiln puts on what it makes; the sweep touches nothing without `kiln:stage`. */
export const tagKeys = {
  stage: "kiln:stage",
  service: "kiln:service",
  generation: "kiln:generation",
  role: "kiln:role",
  image: "kiln:image",
  /** Put by a person on an image that is to stay, whatever the sweep finds. */
  keep: "kiln:keep",
  /** On an instance that somebody touched: how. It is replaced. */
  touched: "kiln:touched",
  golden: "kiln:golden",
} as const;
