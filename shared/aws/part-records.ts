import type { Inventory } from "../domain/inventory/inventory.ts";
import { ledgerKeys } from "../domain/keys.ts";
import type { LayerPart } from "../domain/release.ts";
import type { Documents } from "./documents.ts";

/** What the ledger knows of the parts of releases, artifacts and layers, and of how far one is written onto its volume. */
export class PartRecords {
  readonly #documents: Documents;

  constructor(documents: Documents) {
    this.#documents = documents;
  }

  /** Digests of a part's 512 KiB blocks, 32 raw bytes each, in order. */
  async digests(sha256: string): Promise<Uint8Array | undefined> {
    return this.#documents.readBytes(ledgerKeys.partDigests(sha256));
  }

  async storeDigests(sha256: string, digests: Uint8Array): Promise<void> {
    await this.#documents.createBytes(ledgerKeys.partDigests(sha256), digests);
  }

  /** The packages in a part by its SHA-256; undefined when nobody looked, or nothing was found. */
  async inventory(sha256: string): Promise<Inventory | undefined> {
    return (await this.#documents.read<Inventory>(ledgerKeys.inventory(sha256)))?.document;
  }

  async storeInventory(sha256: string, inventory: Inventory): Promise<void> {
    await this.#documents.createBytes(ledgerKeys.inventory(sha256), Buffer.from(JSON.stringify(inventory)));
  }

  /** How to repack a zip archive, by its SHA-256. */
  async zipRecipe(sha256: string): Promise<Uint8Array | undefined> {
    return this.#documents.readBytes(ledgerKeys.zipRecipe(sha256));
  }

  async storeZipRecipe(sha256: string, recipe: Uint8Array): Promise<void> {
    await this.#documents.createBytes(ledgerKeys.zipRecipe(sha256), recipe);
  }

  /**
   * Writes down that a snapshot has all blocks from `first` up to, not including, `written`. The name says everything and
   * stays true whoever writes it, so writers that do not know of each other cannot contradict one another.
   */
  async recordBlocks(snapshotId: string, first: number, written: number): Promise<void> {
    await this.#documents.createBytes(ledgerKeys.bakedBlocks(snapshotId, first, written), new Uint8Array());
  }

  /** How far a snapshot's ranges are recorded as written, by their first block. */
  async recordedBlocks(snapshotId: string): Promise<Map<number, number>> {
    const furthest = new Map<number, number>();
    for (const key of await this.#documents.list(ledgerKeys.bake(snapshotId))) {
      const [first = 0, written = 0] = (key.split("/").at(-1) ?? "").split("-").map(Number);
      furthest.set(first, Math.max(written, furthest.get(first) ?? 0));
    }
    return furthest;
  }

  async layer(name: string, versionId: string): Promise<LayerPart | undefined> {
    return (await this.#documents.read<LayerPart>(ledgerKeys.layer(name, versionId)))?.document;
  }

  async storeLayer(part: LayerPart): Promise<void> {
    await this.#documents.create(ledgerKeys.layer(part.name, part.versionId), part);
  }
}
