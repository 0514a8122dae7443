import type { Artifacts } from "./aws/artifacts.ts";
import type { Ledger } from "./aws/ledger.ts";
import type { Part } from "./domain/release.ts";
import { BakeFailedError } from "./errors.ts";
import { decodeRecipe, RepackedZip } from "./zip-recipe.ts";

/** The bytes of layers and artifacts as they are baked, read from the exact S3 versions that were pushed. */
export class PartBytes {
  readonly #artifacts: Artifacts;
  readonly #ledger: Ledger;
  /** By SHA-256 of the zip: a recipe is read once, however many parts of the archive are. */
  readonly #zips = new Map<string, Promise<RepackedZip>>();

  constructor({ artifacts, ledger }: { artifacts: Artifacts; ledger: Ledger }) {
    this.#artifacts = artifacts;
    this.#ledger = ledger;
  }

  /** @param range First and last byte, both included. */
  async read(part: Part, range: { first: number; last: number }): Promise<AsyncIterable<Uint8Array>> {
    if (!part.zip) return this.#artifacts.read(part.key, part.versionId, range);
    const { sha256, bytes } = part.zip;
    const zip = this.#zips.get(sha256) ?? this.#repacked(part, sha256, bytes);
    this.#zips.set(sha256, zip);
    return (await zip).range(range.first, range.last);
  }

  async #repacked({ name, key, versionId }: Part, sha256: string, bytes: number): Promise<RepackedZip> {
    const recipe = await this.#ledger.parts.zipRecipe(sha256);
    if (!recipe) throw new BakeFailedError(`How to repack the zip ${name} is not in the ledger.`, "Deploy again.");
    const read = (first: number, last: number) => this.#artifacts.read(key, versionId, { first, last });
    return new RepackedZip(decodeRecipe(recipe), read, bytes);
  }
}
