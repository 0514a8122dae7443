import { digestOf } from "../digests.ts";
import type { Touch } from "../domain/drift.ts";
import { emptyHead, type Head } from "../domain/head.ts";
import { ledgerKeys } from "../domain/keys.ts";
import { decideLease, type Lease, leaseHolds, type OwnerStatus } from "../domain/lease.ts";
import { experimentName } from "../domain/names.ts";
import type { Pin } from "../domain/pins.ts";
import type { Release } from "../domain/release.ts";
import type { RuleRecord } from "../domain/rule-record.ts";
import type { ServiceSpec } from "../domain/service-spec.ts";
import { emptyWayBack, type WayBack } from "../domain/way-back.ts";
import { LeaseLostError, UnknownServiceError } from "../errors.ts";
import type { FrozenReleases } from "../step.ts";
import type { ReleaseRef } from "../step-input.ts";
import { ApprovalRecords } from "./approval-records.ts";
import type { Documents } from "./documents.ts";
import { FreezeRecords } from "./freeze-records.ts";
import type { ImageRecord } from "./image-records.ts";
import { PartRecords } from "./part-records.ts";
import { RevocationRecords } from "./revocation-records.ts";

/** The claim of an upload: who deploys this exact S3 version. */
export interface UploadClaim {
  key: string;
  versionId: string;
  owner: string;
}

/** One line of a release's history. */
export interface HistoryEvent {
  event: string;
  at: string;
  execution: string;
  [evidence: string]: unknown;
}

/** `services/<service>/pins.json`. */
interface Pins {
  pins: Pin[];
}

/** An upload or a request that was refused at the front door, before there was a release to write a history for. */
export interface Refusal {
  /** ISO time of the upload by S3's clock, or of the execution's start. */
  at: string;
  error: string;
  /** What was found and what to do. */
  message: string;
  execution: string;
  /** Of the upload; a person's request names none. */
  key?: string;
  versionId?: string;
}

/** Kiln's memory: the documents of the ledger bucket, by their meaning. */
export class Ledger {
  readonly approvals: ApprovalRecords;
  readonly parts: PartRecords;
  readonly freezes: FreezeRecords;
  readonly revocations: RevocationRecords;
  readonly #documents: Documents;
  readonly #releases: () => FrozenReleases;

  /** @param releases What is remembered of releases; without it each one is read whenever it is asked for. */
  constructor(documents: Documents, releases: () => FrozenReleases = () => new Map()) {
    this.approvals = new ApprovalRecords(documents);
    this.parts = new PartRecords(documents);
    this.freezes = new FreezeRecords(documents);
    this.revocations = new RevocationRecords(documents);
    this.#documents = documents;
    this.#releases = releases;
  }

  /** Claims an upload for an execution. Returns the claim that stands. */
  async claimUpload(claim: UploadClaim): Promise<UploadClaim> {
    return (await this.#documents.create(ledgerKeys.upload(claim.versionId), claim)).document;
  }

  /** Takes over the claim of a dead owner; returns the claim that stands afterwards. */
  async adoptUpload(claim: UploadClaim, deadOwner: string): Promise<UploadClaim> {
    const key = ledgerKeys.upload(claim.versionId);
    const after = await this.#documents.update<UploadClaim>(key, (present) =>
      present && present.owner !== deadOwner ? undefined : claim,
    );
    return after ?? claim;
  }

  /** Stores a spec under its digest; the same spec is stored once. */
  async storeSpec(spec: ServiceSpec): Promise<string> {
    const digest = digestOf(spec);
    await this.#documents.create(ledgerKeys.spec(spec.service, digest), spec);
    return digest;
  }

  /** @throws {UnknownServiceError} when the pointer names no stored spec. */
  async readSpec(service: string, digest: string): Promise<ServiceSpec> {
    const stored = await this.#documents.read<ServiceSpec>(ledgerKeys.spec(service, digest));
    if (stored) return stored.document;
    throw new UnknownServiceError(
      `The spec of service "${service}" (${digest}) is not in the ledger.`,
      "Apply it again: kiln service apply kiln.yaml.",
    );
  }

  async head(service: string): Promise<Head> {
    return (await this.#documents.read<Head>(ledgerKeys.head(service)))?.document ?? emptyHead(service);
  }

  /** Changes the head by compare-and-set; `change` may be asked several times, and leaves it by returning what it got. */
  async updateHead(service: string, change: (head: Head) => Head): Promise<Head> {
    const after = await this.#documents.update<Head>(ledgerKeys.head(service), (present) => {
      const before = present ?? emptyHead(service);
      const next = change(before);
      return next === before ? undefined : next;
    });
    return after ?? emptyHead(service);
  }

  /**
   * Writes down that the production rule is about to change, and to what: nothing is emptied until every node must have
   * followed, and what the rule says otherwise from then on is somebody else's doing.
   * @param isReturn Whether the live release gets requests back that a candidate had.
   */
  async announceRuleChange(service: string, nowMs: number, rule: RuleRecord, isReturn = false): Promise<void> {
    const at = new Date(nowMs).toISOString();
    await this.updateHead(service, (head) => ({
      ...head,
      ruleChangedAt: at,
      ...(isReturn && { returnedAt: at }),
      rule: { behind: head.rule?.behind, ...rule },
    }));
  }

  /** Freezes a release. Returns the one that stands under its generation. */
  async freeze(release: Release): Promise<Release> {
    return (await this.#documents.create(ledgerKeys.release(release.service, release.generation), release)).document;
  }

  async release(service: string, generation: string): Promise<Release | undefined> {
    const key = ledgerKeys.release(service, generation);
    const known = this.#releases().get(key);
    if (known) return known;
    const found = (await this.#documents.read<Release>(key))?.document;
    if (found) this.#releases().set(key, found);
    return found;
  }

  /** The release a state machine works on; it was frozen at admission. */
  async frozen(ref: ReleaseRef): Promise<Release> {
    const release = await this.release(ref.service, ref.generation);
    if (!release) throw new Error(`release ${ref.generation} is not in the ledger`);
    return release;
  }

  /** Names of all releases of a service, oldest first. */
  async generations(service: string): Promise<string[]> {
    const keys = await this.#documents.list(ledgerKeys.releases(service));
    return keys.map(stemOf).sort();
  }

  /** Names of all services that have a head or a spec. */
  async services(): Promise<string[]> {
    const prefixes = await this.#documents.list(ledgerKeys.services, "/");
    return prefixes.map((prefix) => prefix.split("/")[1] ?? "").filter((name) => name !== "");
  }

  /** The names that stand for all experiments of which anything is remembered, those that are over included. */
  async experiments(): Promise<string[]> {
    const services = await this.#documents.list(ledgerKeys.experiments, "/");
    const found = await Promise.all(services.map((prefix) => this.#documents.list(prefix, "/")));
    return found.flat().map((prefix) => {
      const [, service = "", experiment = ""] = prefix.split("/");
      return experimentName({ service, experiment });
    });
  }

  /**
   * Appends evidence to a release's history. Its name is made of the event and the execution, so a repeated step writes
   * the same line once.
   * @returns Whether it is new.
   */
  async record(ref: { service: string; generation: string }, line: HistoryEvent): Promise<boolean> {
    const run = line.execution.split(":").at(-1) ?? "";
    const key = `${ledgerKeys.history(ref.service, ref.generation)}${run}.${line.event}.json`;
    return (await this.#documents.create(key, line)).created;
  }

  async history(service: string, generation: string): Promise<HistoryEvent[]> {
    const keys = await this.#documents.list(ledgerKeys.history(service, generation));
    const events = await Promise.all(keys.map((key) => this.#documents.read<HistoryEvent>(key)));
    return events.flatMap((stored) => (stored ? [stored.document] : [])).sort((a, b) => (a.at < b.at ? -1 : 1));
  }

  /** Writes down that somebody touched an instance; the first thing that was done to it stays. */
  async recordTouch(service: string, touch: Touch): Promise<void> {
    await this.#documents.create(ledgerKeys.touch(service, touch.instanceId), touch);
  }

  /** What events told of these instances. */
  async touches(service: string, instanceIds: ReadonlySet<string>): Promise<Touch[]> {
    const keys = await this.#documents.list(ledgerKeys.touches(service));
    const wanted = keys.filter((key) => instanceIds.has(stemOf(key)));
    const found = await Promise.all(wanted.map((key) => this.#documents.read<Touch>(key)));
    return found.flatMap((stored) => (stored ? [stored.document] : []));
  }

  /** Writes a refusal down, once for each upload or execution. */
  async recordRefusal(service: string, refusal: Refusal): Promise<void> {
    const cause = refusal.versionId ?? refusal.execution.split(":").at(-1) ?? "";
    await this.#documents.create(ledgerKeys.refusal(service, refusal.at, cause), refusal);
  }

  /**
   * Writes down, where notifications come from, that `cause` has paused a service's refresh; once, whoever repeats it.
   * @param cause Generation or execution; nothing is written when another one paused it, or nothing did.
   */
  async announceRefreshPause({ service, refresh }: Head, cause: string | undefined): Promise<void> {
    if (!refresh?.paused || refresh.paused.cause !== cause) return;
    await this.#documents.create(ledgerKeys.refreshPause(service, cause.split(":").at(-1) ?? cause), refresh);
  }

  /** The newest refusals of a service, newest first. */
  async refusals(service: string, atMost: number): Promise<Refusal[]> {
    const keys = (await this.#documents.list(ledgerKeys.refusals(service))).sort().reverse().slice(0, atMost);
    const found = await Promise.all(keys.map((key) => this.#documents.read<Refusal>(key)));
    return found.flatMap((stored) => (stored ? [stored.document] : []));
  }

  /** Releases whose image the sweep has marked and not yet removed. */
  async markedImages(service: string): Promise<string[]> {
    const record = await this.#documents.read<ImageRecord>(ledgerKeys.images(service));
    return Object.values(record?.document.marks ?? {}).map(({ generation }) => generation);
  }

  async lease(service: string): Promise<Lease | undefined> {
    return (await this.#documents.read<Lease>(ledgerKeys.lease(service)))?.document;
  }

  /** Takes the lease when it is free or its owner has ended. Returns what became of it. */
  async takeLease(service: string, me: string, ownerStatus: OwnerStatus, ownerSeen: string | null, nowMs: number) {
    let decision = decideLease(undefined, me, ownerStatus, nowMs);
    await this.#documents.update<Lease>(ledgerKeys.lease(service), (present) => {
      // The status was asked of the owner seen before; another owner since then counts as running.
      const status = present?.owner === ownerSeen ? ownerStatus : "unknown";
      decision = decideLease(present, me, status, nowMs);
      return decision.kind === "take" ? decision.lease : undefined;
    });
    return decision;
  }

  /** Gives the lease back; harmless when it is no longer ours. */
  async releaseLease(ref: ReleaseRef, me: string): Promise<void> {
    await this.#documents.update<Lease>(ledgerKeys.lease(ref.service), (present) =>
      leaseHolds(present, me, ref.fence) && present ? { ...present, owner: null } : undefined,
    );
  }

  /**
   * Every mutating call is preceded by this.
   * @throws {LeaseLostError} when another execution holds the lease, or raised its fence.
   */
  async assertLease(ref: ReleaseRef, me: string): Promise<void> {
    const lease = await this.lease(ref.service);
    if (leaseHolds(lease, me, ref.fence)) return;
    throw new LeaseLostError(
      `The lease of ${ref.service} is held by ${lease?.owner ?? "nobody"} (fence ${lease?.fence ?? 0}), not by this execution (fence ${ref.fence}).`,
      "Let the other execution finish, then start this one again.",
    );
  }

  /** The last proof that production can go back; undefined when there was none yet. */
  async wayBack(service: string): Promise<WayBack | undefined> {
    return (await this.#documents.read<WayBack>(ledgerKeys.wayBack(service)))?.document;
  }

  /** Changes what is known of the way back by compare-and-set; `change` may be asked several times. */
  async updateWayBack(service: string, change: (present: WayBack) => WayBack): Promise<void> {
    await this.#documents.update<WayBack>(ledgerKeys.wayBack(service), (present) => change(present ?? emptyWayBack()));
  }

  /** Temporary changes of fleets' sizes, none when nothing was ever pinned. */
  async pins(service: string): Promise<Pin[]> {
    return (await this.#documents.read<Pins>(ledgerKeys.pins(service)))?.document.pins ?? [];
  }

  /** Changes the pins by compare-and-set; `change` may be asked several times. */
  async updatePins(service: string, change: (pins: readonly Pin[]) => Pin[]): Promise<void> {
    await this.#documents.update<Pins>(ledgerKeys.pins(service), (present) => ({ pins: change(present?.pins ?? []) }));
  }
}

/** `web-000042` of a key that ends in `/web-000042.json`. */
function stemOf(key: string): string {
  return (key.split("/").at(-1) ?? "").replace(/\.json$/, "");
}
