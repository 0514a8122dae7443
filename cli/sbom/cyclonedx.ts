import { createHash } from "node:crypto";
import { PackageURL } from "packageurl-js";
import type { Component, Inventory } from "../../shared/domain/inventory/inventory.ts";
import type { Part, Release } from "../../shared/domain/release.ts";

/** A part of a release with the packages found in it; no inventory when its archive was read before Kiln looked. */
export interface PartInventory {
  part: Part;
  inventory: Inventory | undefined;
}

type Json = Record<string, unknown>;

/**
 * The software bill of materials of a release in CycloneDX JSON 1.6 (ECMA-424): its artifact, its layers and the packages
 * that their manifests name. The same release always gives the same bytes. What is not known stands in the compositions:
 * artifact and layers are `incomplete`, or `unknown` without any manifest; the base image is always `unknown`.
 */
export function cycloneDx(
  release: Pick<Release, "service" | "generation" | "version" | "createdAt" | "base" | "releaseDigest" | "provenance">,
  artifact: PartInventory,
  layers: readonly PartInventory[],
): Json {
  const root = `release:${release.generation}`;
  const parts = [
    described("artifact", artifact),
    ...layers.map((layer) => described(`layer:${layer.part.name}`, layer)),
  ];
  const base = baseOf(release.base);
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(`${release.generation} ${release.releaseDigest}`)}`,
    version: 1,
    metadata: {
      timestamp: release.createdAt,
      tools: { components: [{ type: "application", name: "kiln" }] },
      component: {
        "bom-ref": root,
        type: "application",
        name: release.service,
        version: release.version,
        ...sourceOf(release.provenance?.source),
      },
      properties: [{ name: "kiln:generation", value: release.generation }, ...parts.flatMap(gapsOf), baseGap],
    },
    components: [...parts.map(({ component }) => component), base],
    dependencies: [
      { ref: root, dependsOn: [...parts.map(({ ref }) => ref), String(base["bom-ref"])] },
      ...parts.map(({ ref, packages }) => ({ ref, dependsOn: packages.map((one) => String(one["bom-ref"])) })),
    ],
    compositions: [
      ...parts.map(({ ref, aggregate }) => ({ aggregate, assemblies: [ref] })),
      { aggregate: "unknown", assemblies: [base["bom-ref"]] },
    ],
  };
}

interface DescribedPart {
  ref: string;
  component: Json;
  packages: Json[];
  gaps: readonly string[];
  aggregate: "incomplete" | "unknown";
}

const neverRead = "It was read before Kiln looked for packages: what it is made of is not known.";

function described(ref: string, { part, inventory }: PartInventory): DescribedPart {
  const packages = (inventory?.components ?? []).map((one) => packageOf(ref, one));
  const component: Json = {
    "bom-ref": ref,
    type: "file",
    name: part.key,
    version: part.versionId,
    hashes: [{ alg: "SHA-256", content: part.zip?.sha256 ?? part.sha256 }],
    ...(packages.length > 0 && { components: packages }),
  };
  const gaps = inventory?.gaps ?? part.inventory?.gaps ?? [neverRead];
  return { ref, component, packages, gaps, aggregate: packages.length > 0 ? "incomplete" : "unknown" };
}

function packageOf(ref: string, { ecosystem, name, version, license, evidence, development }: Component): Json {
  const purl = purlOf(ecosystem, name, version);
  return {
    "bom-ref": `${ref}|${purl}`,
    type: "library",
    ...(development && { scope: "excluded" }),
    ...npmName(ecosystem, name),
    version,
    ...(license !== undefined && { licenses: [licenseOf(license)] }),
    purl,
    properties: [{ name: "kiln:evidence", value: evidence }],
  };
}

function npmName(ecosystem: Component["ecosystem"], name: string): { group?: string; name: string } {
  const [group, rest] = ecosystem === "npm" && name.startsWith("@") ? name.split("/", 2) : [];
  return group !== undefined && rest !== undefined ? { group, name: rest } : { name };
}

function purlOf(ecosystem: Component["ecosystem"], name: string, version: string): string {
  const { group, name: own } = npmName(ecosystem, name);
  return new PackageURL(ecosystem, group, own, version, undefined, undefined).toString();
}

/** What reads as an SPDX expression is one; anything else is a license's name. Source: SPDX 2.3, annex D. */
function licenseOf(license: string): Json {
  const identifier = "(?:\\(\\s*)*[A-Za-z0-9][A-Za-z0-9.+-]*(?:\\s*\\))*";
  const expression = new RegExp(`^${identifier}(?: (?:AND|OR|WITH) ${identifier})*$`);
  return expression.test(license) && license !== "UNLICENSED"
    ? { expression: license }
    : { license: { name: license } };
}

function baseOf({ name, imageId, architecture }: Release["base"]): Json {
  return {
    "bom-ref": `base:${imageId}`,
    type: "operating-system",
    name,
    version: imageId,
    properties: [{ name: "kiln:architecture", value: architecture }],
  };
}

const baseGap = { name: "kiln:unknown", value: "base: the packages of the base image are not listed." };

function gapsOf({ ref, gaps }: DescribedPart): { name: string; value: string }[] {
  return gaps.map((gap) => ({ name: "kiln:unknown", value: `${ref}: ${gap}` }));
}

function sourceOf(source: { commit?: string; repository?: string } | undefined): Json {
  if (source?.commit === undefined) return {};
  const { commit, repository } = source;
  return {
    pedigree: { commits: [{ uid: commit }] },
    // Only an address that is a URI: `git@host:path` is none.
    ...(repository !== undefined &&
      URL.canParse(repository) && { externalReferences: [{ type: "vcs", url: repository }] }),
  };
}

/** A UUID of version 8, made of a digest, so that a release's document keeps its number. Source: RFC 9562, 5.8. */
function uuidOf(text: string): string {
  const bytes = createHash("sha256").update(text).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
