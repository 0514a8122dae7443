import { DatabaseSync, type StatementSync } from "node:sqlite";

/**
 * One named set of JSON documents. What `get` and `list` return is shared: treat it as read-only and `put` a changed
 * copy. Values must survive JSON (times as milliseconds, bytes as base64 or in a file of the service's own).
 */
export interface Collection<T> {
  get(key: string): Readonly<T> | undefined;
  put(key: string, value: T): void;
  /** Returns whether the document existed. */
  delete(key: string): boolean;
  /** Documents whose key starts with `prefix`, in key order. */
  list(prefix?: string): Readonly<T>[];
  keys(prefix?: string): string[];
}

/** One document of a store, with the collection it is in. */
export interface StoredDocument {
  collection: string;
  key: string;
  value: unknown;
}

interface Change {
  collection: string;
  key: string;
  json: string | undefined;
}

/**
 * The cloud's memory: documents in memory, written through to SQLite when flushed. The kernel flushes before it answers
 * a call and after each job, so an answered call survives kill -9. Without a file nothing is written (tests, simulation).
 */
export class Store {
  readonly #collections = new Map<string, MemoryCollection<unknown>>();
  readonly #dirty = new Map<string, Change>();
  /** Runs before changes are written, to add what must be as new as they are. */
  beforeFlush: () => void = () => {};
  readonly #database: DatabaseSync | undefined;
  readonly #upsert: StatementSync | undefined;
  readonly #remove: StatementSync | undefined;

  /** @param documents What it begins with, besides what the file holds. */
  constructor(file?: string, documents: readonly StoredDocument[] = []) {
    for (const { collection, key, value } of documents) this.#memory(collection).load(key, value);
    if (file === undefined) return;
    this.#database = new DatabaseSync(file);
    this.#database.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" +
        "CREATE TABLE IF NOT EXISTS documents (collection TEXT, key TEXT, json TEXT, PRIMARY KEY (collection, key)) WITHOUT ROWID",
    );
    this.#upsert = this.#database.prepare("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)");
    this.#remove = this.#database.prepare("DELETE FROM documents WHERE collection = ? AND key = ?");
    for (const row of this.#database.prepare("SELECT collection, key, json FROM documents").all()) {
      this.#memory(String(row["collection"])).load(String(row["key"]), JSON.parse(String(row["json"])));
    }
  }

  collection<T>(name: string): Collection<T> {
    return this.#memory(name) as unknown as Collection<T>;
  }

  /** Every document: another store can begin with them. */
  documents(): StoredDocument[] {
    return [...this.#collections].flatMap(([collection, documents]) =>
      documents.entries().map(([key, value]) => ({ collection, key, value })),
    );
  }

  /** Writes every change since the last flush in one durable transaction. */
  flush(): void {
    if (this.#dirty.size === 0) return;
    this.beforeFlush();
    if (this.#database && this.#upsert && this.#remove) {
      this.#database.exec("BEGIN IMMEDIATE");
      for (const { collection, key, json } of this.#dirty.values()) {
        if (json === undefined) this.#remove.run(collection, key);
        else this.#upsert.run(collection, key, json);
      }
      this.#database.exec("COMMIT");
    }
    this.#dirty.clear();
  }

  close(): void {
    this.flush();
    this.#database?.close();
  }

  #memory(name: string): MemoryCollection<unknown> {
    let found = this.#collections.get(name);
    if (!found) {
      found = new MemoryCollection((key, value) => {
        // Nothing is written without a file, and a simulation changes documents hundreds of thousands of times.
        if (!this.#database) return;
        const json = value === undefined ? undefined : JSON.stringify(value);
        this.#dirty.set(`${name}\u0000${key}`, { collection: name, key, json });
      });
      this.#collections.set(name, found);
    }
    return found;
  }
}

class MemoryCollection<T> implements Collection<T> {
  readonly #documents = new Map<string, T>();
  /** Every key in order; undefined after a document came or went, until somebody asks. */
  #ordered: string[] | undefined;
  readonly #changed: (key: string, value: T | undefined) => void;

  constructor(changed: (key: string, value: T | undefined) => void) {
    this.#changed = changed;
  }

  load(key: string, value: T): void {
    this.#documents.set(key, value);
    this.#ordered = undefined;
  }

  entries(): [string, T][] {
    return [...this.#documents];
  }

  get(key: string): Readonly<T> | undefined {
    return this.#documents.get(key);
  }

  put(key: string, value: T): void {
    const before = this.#documents.size;
    this.#documents.set(key, value);
    if (this.#documents.size !== before) this.#ordered = undefined;
    this.#changed(key, value);
  }

  delete(key: string): boolean {
    if (!this.#documents.delete(key)) return false;
    this.#ordered = undefined;
    this.#changed(key, undefined);
    return true;
  }

  list(prefix = ""): Readonly<T>[] {
    return this.keys(prefix).map((key) => this.#documents.get(key) as T);
  }

  keys(prefix = ""): string[] {
    this.#ordered ??= [...this.#documents.keys()].sort();
    if (prefix === "") return [...this.#ordered];
    const from = firstNotBefore(this.#ordered, prefix);
    let to = from;
    while (this.#ordered[to]?.startsWith(prefix)) to++;
    return this.#ordered.slice(from, to);
  }
}

/** The index of the first key that is not before `key`. */
function firstNotBefore(ordered: readonly string[], key: string): number {
  let [from, to] = [0, ordered.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((ordered[middle] ?? "") < key) from = middle + 1;
    else to = middle;
  }
  return from;
}
