import { shown } from "./domain/archive-rules.ts";
import { type Inventory, InventoryBuilder } from "./domain/inventory/inventory.ts";
import { manifestAt } from "./domain/inventory/manifests.ts";

/** Reads the package manifests of one archive as its entries pass; one that cannot be read is a gap, never a refusal. */
export class ManifestReading {
  readonly #builder = new InventoryBuilder();

  /** How much of a file's beginning is wanted. Unit: bytes; 0 when it is no manifest, or one too large to hold. */
  wants(path: string, bytes: number): number {
    const manifest = manifestAt(path);
    if (!manifest) return 0;
    if (bytes <= manifest.limitBytes) return manifest.limitBytes;
    this.#builder.gap(
      `${shown(path)} has ${bytes} bytes, more than the ${manifest.limitBytes} that are read of a manifest.`,
    );
    return 0;
  }

  /** @param content All of the file, when it was wanted. */
  file(path: string, content: Uint8Array | undefined, isProgram: boolean): void {
    this.#builder.file(path, isProgram);
    const manifest = manifestAt(path);
    if (!manifest || content === undefined) return;
    try {
      this.#builder.add(manifest.read(Buffer.from(content).toString("utf8"), path));
    } catch (error) {
      this.#builder.gap(
        `${shown(path)} could not be read: ${error instanceof Error ? error.message.slice(0, 80) : error}.`,
      );
    }
  }

  finish(): Inventory {
    return this.#builder.finish();
  }
}
