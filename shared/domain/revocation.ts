import type { Head } from "./head.ts";
import type { Part, Release } from "./release.ts";

/** What can be revoked: an AMI underneath, the bytes of a layer or an artifact, or one release. */
export const revocable = ["base", "layer", "artifact", "release"] as const;

export type Revocable = (typeof revocable)[number];

/** What must not run any more, and why. */
export interface Revocation {
  kind: Revocable;
  /** AMI id of a base, SHA-256 of a layer or artifact or at least its first twelve digits, generation of a release. */
  id: string;
  reason: string;
  by: string;
  /** ISO time. */
  at: string;
}

/** A release that was revoked itself, or is made of something that was. */
export interface RevokedRelease extends Revocation {
  generation: string;
}

/** What a release is made of, as far as it can be revoked. */
export type Made = Pick<Release, "base" | "layers" | "artifact" | "promotedFrom"> & { generation?: string };

/** Why an id cannot name something of its kind; undefined when it can. */
export function malformedId(kind: Revocable, id: string): string | undefined {
  const [pattern, form] = {
    base: [/^ami-[0-9a-f]{8,17}$/, "an AMI id such as ami-0123456789abcdef0"],
    layer: [/^[0-9a-f]{12,64}$/, "a SHA-256, or at least its first 12 digits"],
    artifact: [/^[0-9a-f]{12,64}$/, "a SHA-256, or at least its first 12 digits"],
    release: [/^.+-\d{6,}$/, "a generation such as web-000042"],
  }[kind] as [RegExp, string];
  return pattern.test(id) ? undefined : form;
}

/** The revocation that a release falls under. */
export function revocationOf(made: Made, revocations: readonly Revocation[]): Revocation | undefined {
  return revocations.find((one) => fallsUnder(made, one));
}

function fallsUnder({ base, layers, artifact, generation, promotedFrom }: Made, { kind, id }: Revocation): boolean {
  switch (kind) {
    case "base":
      return base.imageId === id;
    case "layer":
      return layers.some((layer) => hasDigest(layer, id));
    case "artifact":
      return hasDigest(artifact, id);
    case "release":
      return generation === id || promotedFrom?.generation === id;
  }
}

/** A zip has the digest that was pushed, and that of what was baked of it. */
function hasDigest({ sha256, zip }: Part, digits: string): boolean {
  return sha256.startsWith(digits) || (zip?.sha256.startsWith(digits) ?? false);
}

/** The list with a revocation on it; one that stands stays as it was made. */
export function withRevocation(all: readonly Revocation[], made: Revocation): Revocation[] {
  return all.some((one) => isSame(one, made)) ? [...all] : [...all, made];
}

export function withoutRevocation(all: readonly Revocation[], gone: Pick<Revocation, "kind" | "id">): Revocation[] {
  return all.filter((one) => !isSame(one, gone));
}

/**
 * The head in which exactly those releases are named that fall under what is revoked now: also when whoever revoked it, or
 * took it back, died half-way. A release that nothing holds any more stays named while its revocation stands.
 * @param releases Those of the head that run or could be launched.
 */
export function withRevocations(head: Head, releases: readonly Release[], all: readonly Revocation[]): Head {
  const before = head.revoked ?? [];
  const standing = before.filter((one) => all.some((other) => isSame(one, other)));
  const missing = releases.flatMap((release) =>
    all
      .filter((one) => fallsUnder(release, one))
      .filter((one) => !standing.some((named) => named.generation === release.generation && isSame(named, one)))
      .map((one) => ({ ...one, generation: release.generation })),
  );
  if (missing.length === 0 && standing.length === before.length) return head;
  return { ...head, revoked: [...standing, ...missing] };
}

/** Why nobody may go back to a generation; undefined when somebody may. */
export function revokedIn({ revoked = [] }: Head, generation: string): RevokedRelease | undefined {
  return revoked.find((one) => one.generation === generation);
}

/** `base ami-… was revoked by ann: CVE-…`, for people. */
export function revocationText({ kind, id, by, reason }: Revocation): string {
  return `${kind} ${id} was revoked by ${by}: ${reason}`;
}

function isSame(one: Pick<Revocation, "kind" | "id">, other: Pick<Revocation, "kind" | "id">): boolean {
  return one.kind === other.kind && one.id === other.id;
}
