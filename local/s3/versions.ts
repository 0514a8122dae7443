import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import type { BucketDocument, VersionDocument } from "./documents.ts";

/** What a writer supplies; the index adds identity, order and time. */
export type NewVersion = Omit<VersionDocument, "versionId" | "sequence" | "lastModifiedMs">;

/** What a delete did. */
export interface Deletion {
  /** The delete marker that was written, or the version (or marker) that was removed for good. */
  version: Readonly<VersionDocument> | undefined;
  kind: "marker" | "removed" | "nothing";
  /** Versions whose bytes nothing refers to any more. */
  discarded: Readonly<VersionDocument>[];
}

/**
 * The index of what each key of a bucket holds: its current version in one collection and the earlier ones in another, so
 * that reads and listings of current objects never look at history. All of it is synchronous: between looking at a
 * condition and writing nothing else can happen, which is what makes S3's conditional writes atomic.
 */
export class Versions {
  readonly #kernel: Kernel;
  readonly #counter: Collection<{ last: number }>;
  /** Conditional writes under way, by bucket and key; not kept, since a request does not outlive the process. */
  readonly #watches = new Map<string, Set<DeleteWatch>>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#counter = kernel.store.collection<{ last: number }>("s3.sequence");
  }

  current(bucket: string, key: string): Readonly<VersionDocument> | undefined {
    return this.#currents(bucket).get(key);
  }

  /** The version of this id, current or not. */
  find(bucket: string, key: string, versionId: string): Readonly<VersionDocument> | undefined {
    const current = this.current(bucket, key);
    return current?.versionId === versionId ? current : this.#earlier(bucket).get(`${key}\u0000${versionId}`);
  }

  /** Current versions, delete markers included, in the order S3 lists keys. */
  listCurrent(bucket: string, prefix: string): Readonly<VersionDocument>[] {
    return this.#currents(bucket).list(prefix).sort(byKey);
  }

  /** All versions and markers: by key, the newest first. */
  listAll(bucket: string, prefix: string): Readonly<VersionDocument>[] {
    const all = [...this.#currents(bucket).list(prefix), ...this.#earlier(bucket).list(prefix)];
    return all.sort((a, b) => byKey(a, b) || b.sequence - a.sequence);
  }

  isEmpty(bucket: string): boolean {
    return this.#currents(bucket).keys().length === 0 && this.#earlier(bucket).keys().length === 0;
  }

  /** Writes a version on top of what the key holds; `discarded` is what it replaced for good. */
  put(bucket: BucketDocument, made: NewVersion): { version: VersionDocument; discarded: Readonly<VersionDocument>[] } {
    const version: VersionDocument = {
      ...made,
      versionId: bucket.versioning === "Enabled" ? this.#kernel.random.code(32) : "null",
      sequence: this.nextSequence(),
      lastModifiedMs: this.#kernel.clock.now(),
    };
    const discarded: Readonly<VersionDocument>[] = [];
    const earlier = this.#earlier(bucket.name);
    const replaced = this.current(bucket.name, made.key);
    if (version.versionId === "null") {
      // Without versioning there is at most one version of a key with the id null; writing replaces it.
      const oldNull = this.find(bucket.name, made.key, "null");
      if (oldNull) discarded.push(oldNull);
      earlier.delete(`${made.key}\u0000null`);
    }
    if (replaced && !discarded.includes(replaced)) earlier.put(`${made.key}\u0000${replaced.versionId}`, replaced);
    this.#currents(bucket.name).put(made.key, version);
    if (version.deleteMarker) this.#tellWatches(bucket.name, made.key);
    return { version, discarded };
  }

  /** A delete without a version id: removes the object, or puts a delete marker on top of it where versioning was used. */
  delete(bucket: BucketDocument, key: string): Deletion {
    if (bucket.versioning !== undefined) {
      const { version, discarded } = this.put(bucket, { ...deleteMarkerOf(key) });
      return { version, kind: "marker", discarded };
    }
    const current = this.current(bucket.name, key);
    if (!current) return { version: undefined, kind: "nothing", discarded: [] };
    this.#currents(bucket.name).delete(key);
    this.#tellWatches(bucket.name, key);
    return { version: current, kind: "removed", discarded: [current] };
  }

  /** Removes one version for good; when it was the current one, the newest of the others becomes current. */
  deleteVersion(bucket: BucketDocument, key: string, versionId: string): Deletion {
    const version = this.find(bucket.name, key, versionId);
    if (!version) return { version: undefined, kind: "nothing", discarded: [] };
    const earlier = this.#earlier(bucket.name);
    if (this.current(bucket.name, key) === version) {
      const [newest] = earlier.list(`${key}\u0000`).sort((a, b) => b.sequence - a.sequence);
      if (newest) {
        earlier.delete(`${key}\u0000${newest.versionId}`);
        this.#currents(bucket.name).put(key, newest);
      } else {
        this.#currents(bucket.name).delete(key);
      }
      this.#tellWatches(bucket.name, key);
    } else {
      earlier.delete(`${key}\u0000${versionId}`);
    }
    return { version, kind: "removed", discarded: [version] };
  }

  /** Replaces what is known of a version without making a new one, as tagging does. */
  replace(bucket: string, version: VersionDocument): void {
    const current = this.current(bucket, version.key);
    if (current?.versionId === version.versionId) this.#currents(bucket).put(version.key, version);
    else this.#earlier(bucket).put(`${version.key}\u0000${version.versionId}`, version);
  }

  /** Rises with every write of the cloud; also what orders an object's events. */
  nextSequence(): number {
    const last = (this.#counter.get("last")?.last ?? 0) + 1;
    this.#counter.put("last", { last });
    return last;
  }

  /** Notes whether the key is deleted until `end` is called: a conditional write that this overtakes is answered 409. */
  watchDeletes(bucket: string, key: string): DeleteWatch & { end(): void } {
    const name = `${bucket}/${key}`;
    const watches = this.#watches.get(name) ?? new Set();
    this.#watches.set(name, watches);
    const end = () => {
      watches.delete(watch);
      if (watches.size === 0) this.#watches.delete(name);
    };
    const watch = { deleted: false, end };
    watches.add(watch);
    return watch;
  }

  #tellWatches(bucket: string, key: string): void {
    for (const watch of this.#watches.get(`${bucket}/${key}`) ?? []) watch.deleted = true;
  }

  #currents(bucket: string): Collection<VersionDocument> {
    return this.#kernel.store.collection<VersionDocument>(`s3.current.${bucket}`);
  }

  #earlier(bucket: string): Collection<VersionDocument> {
    return this.#kernel.store.collection<VersionDocument>(`s3.earlier.${bucket}`);
  }
}

interface DeleteWatch {
  deleted: boolean;
}

function deleteMarkerOf(key: string): NewVersion {
  return {
    key,
    deleteMarker: true,
    bytes: 0,
    etag: "",
    pieces: [],
    multipart: false,
    properties: { metadata: {}, tags: [], storageClass: "STANDARD", encryption: { algorithm: "AES256" } },
  };
}

function byKey(a: { key: string }, b: { key: string }): number {
  return compareKeys(a.key, b.key);
}

/** S3 orders keys by their UTF-8 bytes, which differs from JavaScript's order beyond the basic plane only. */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** When a version was written, to the second, as S3 tells it. */
export function lastModified(version: { lastModifiedMs: number }): Date {
  return new Date(Math.floor(version.lastModifiedMs / 1000) * 1000);
}
