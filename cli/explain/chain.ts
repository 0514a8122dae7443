import type { HistoryEvent } from "../../shared/aws/ledger.ts";
import { digestOf } from "../../shared/digests.ts";
import type { Asked, Source } from "../../shared/domain/provenance.ts";
import type { Part, Release } from "../../shared/domain/release.ts";

/** A release as people may see it: its trial secret opens a candidate that nobody has validated yet. */
type ShownRelease = Omit<Release, "trialSecret">;

/** Everything that lies between a commit and the instances that run it, with what identifies each link. */
export interface Chain {
  /** What the pusher said; null when nothing was. */
  source: Source | null;
  asked: Asked;
  pushedAt: string | null;
  artifact: Part;
  layers: readonly Part[];
  base: { name: string; imageId: string; ownedImageId: string | null };
  specDigest: string;
  releaseDigest: string;
  imageDigest: string;
  imageId: string | null;
  fleet: string;
  /** What runs of it now. */
  instanceIds: readonly string[];
  verdicts: { at: string; event: string; evidence: Record<string, unknown> }[];
  /** Unit: seconds since the release was frozen. */
  timings: { event: string; afterSeconds: number }[];
}

const verdictEvents =
  /^(validated|validation-failed|approval-asked|approved|cut-over(-\d+)?|observation-failed|failed|dirty)$/;

/** Puts the chain together from what was frozen, what was written down since, and what runs now. */
export function chainOf(
  release: ShownRelease,
  history: readonly HistoryEvent[],
  fleet: string,
  instanceIds: readonly string[],
): Chain {
  const { provenance, intent, artifact, layers, base, spec, releaseDigest, imageDigest, createdAt } = release;
  const baked = history.find(({ event }) => event === "baked");
  const secondsSince = (at: string) => Math.max(0, Math.round((Date.parse(at) - Date.parse(createdAt)) / 100) / 10);
  return {
    source: provenance?.source ?? null,
    asked: provenance?.asked ?? { kind: intent.kind === "rollback" ? "manual" : intent.kind },
    pushedAt: provenance?.pushedAt ?? null,
    artifact,
    layers,
    base: { name: base.name, imageId: base.imageId, ownedImageId: textOf(baked?.["base"]) },
    specDigest: digestOf(spec),
    releaseDigest,
    imageDigest,
    imageId: textOf(baked?.["imageId"]),
    fleet,
    instanceIds,
    verdicts: history.filter(({ event }) => verdictEvents.test(event)).map(verdictOf),
    timings: history.map(({ event, at }) => ({ event, afterSeconds: secondsSince(at) })),
  };
}

function verdictOf({ event, at, execution: _execution, ...evidence }: HistoryEvent) {
  return { at, event, evidence };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** The chain as lines of a table, from the commit to the instances. */
export function chainLines(
  { base, provenance, promotedFrom }: ShownRelease,
  chain: Chain,
): [link: string, says: string][] {
  const { artifact, layers, pushedAt, instanceIds } = chain;
  const byWhom = provenance?.source?.pushedBy;
  const pushed = [
    artifact.key,
    `version ${artifact.versionId}`,
    pushedAt && `at ${pushedAt}`,
    byWhom && `by ${byWhom}`,
  ];
  return [
    ["commit", commitText(chain.source)],
    ...(promotedFrom ? [["experiment", `promoted from ${promotedFrom.generation}`] as [string, string]] : []),
    ["pushed", pushed.filter(Boolean).join("  ")],
    ["artifact", partText(artifact)],
    ...layers.map((layer): [string, string] => ["layer", `${layer.key}  ${partText(layer)}`]),
    [
      "base",
      `${base.name}  ${base.imageId}  ${base.architecture}  own copy ${chain.base.ownedImageId ?? "not recorded"}`,
    ],
    ["spec", `sha256 ${short(chain.specDigest)}`],
    ["asked by", askedText(chain.asked)],
    ["release", `sha256 ${short(chain.releaseDigest)}`],
    ["image", `${chain.imageId ?? "not made"}  content sha256 ${short(chain.imageDigest)}`],
    ["fleet", chain.fleet],
    ["instances", instanceIds.length === 0 ? "none runs now" : instanceIds.join(", ")],
  ];
}

function commitText(source: Source | null): string {
  if (source?.commit === undefined)
    return "not said (kiln push in a checkout, or --commit, or object metadata: commit)";
  const where = source.repository === undefined ? "" : ` of ${source.repository}`;
  return `${source.commit}${where}${source.dirty ? ", with changes that were not committed" : ""}`;
}

function askedText(asked: Asked): string {
  switch (asked.kind) {
    case "upload": {
      const by = asked.account === undefined ? "" : ` by account ${asked.account}`;
      return `an upload${by}${asked.sourceIp === undefined ? "" : ` from ${asked.sourceIp}`}`;
    }
    case "manual":
      return withReason(asked.by ?? "whoever started the execution", asked.reason);
    case "refresh":
      return withReason("refresh", asked.reason);
  }
}

function withReason(who: string, reason: string | undefined): string {
  return reason === undefined ? who : `${who}: ${reason}`;
}

function partText({ zip, ...baked }: Part): string {
  const { bytes, sha256 } = zip ?? baked;
  return `${bytes} bytes  sha256 ${short(sha256)}`;
}

function short(digest: string): string {
  return digest.slice(0, 12);
}
