import { type ArchiveEntry, normalised, shown } from "./archive-rules.ts";
import { PathTable } from "./path-table.ts";

const kinds = { file: 1, directory: 2, symlink: 3 } as const;

/**
 * The tree that the entries of an archive make, as they come: what cannot be told from one entry alone. Memory is bounded
 * by the limit of entries, which the directories that paths merely imply count towards.
 */
export class ArchiveTree {
  readonly #exact = new PathTable();
  readonly #folded = new PathTable();
  readonly #refuseCaseCollisions: boolean;

  /**
   * @param options.caseCollisions `refuse` for what people build anywhere; `accept` for layers, whose trees (terminal
   * descriptions, for one) may rely on Linux telling upper from lower case.
   */
  constructor(options: { caseCollisions: "refuse" | "accept" }) {
    this.#refuseCaseCollisions = options.caseCollisions === "refuse";
  }

  /** Distinct paths, implied directories included. */
  get size(): number {
    return this.#exact.size;
  }

  /** Adds an entry; returns why it is refused, or undefined when it is fine. */
  add(entry: ArchiveEntry): string | undefined {
    const path = normalised(entry.path);
    if (path === "") return entry.kind === "directory" ? undefined : "it has no name";
    const reason = this.#addParents(path) ?? this.#refuseTarget(entry);
    if (reason) return reason;
    const kind = entry.kind === "directory" || entry.kind === "symlink" ? kinds[entry.kind] : kinds.file;
    const present = this.#exact.get(path);
    if (present === undefined) return this.#insert(path, kind);
    // Naming a directory twice changes nothing, and `tar c app app/lib` does it.
    if (present === kinds.directory && kind === kinds.directory) return undefined;
    return "the archive holds this path twice, and which of the two stays depends on who unpacks it";
  }

  #addParents(path: string): string | undefined {
    const missing: string[] = [];
    for (let parent = parentOf(path); parent !== ""; parent = parentOf(parent)) {
      const kind = this.#exact.get(parent);
      if (kind === kinds.directory) break;
      if (kind === kinds.symlink) return `it would be written through the link ${shown(parent)}`;
      if (kind === kinds.file) return `it lies below ${shown(parent)}, which is a file`;
      missing.push(parent);
    }
    for (const parent of missing.reverse()) {
      const reason = this.#insert(parent, kinds.directory);
      if (reason) return reason;
    }
    return undefined;
  }

  #refuseTarget(entry: ArchiveEntry): string | undefined {
    if (entry.kind !== "hardlink") return undefined;
    if (this.#exact.get(normalised(entry.target ?? "")) === kinds.file) return undefined;
    return `it is a hard link to ${shown(entry.target ?? "")}, which is no file that stands before it in the archive`;
  }

  #insert(path: string, kind: number): string | undefined {
    const folded = path.normalize("NFC").toLowerCase();
    if (this.#refuseCaseCollisions && this.#folded.get(folded) !== undefined) {
      return `${shown(path)} differs from an earlier path in upper and lower case alone; on macOS and Windows they are one file`;
    }
    this.#exact.set(path, kind);
    if (this.#refuseCaseCollisions) this.#folded.set(folded, 1);
    return undefined;
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
