import { digestOf } from "../digests.ts";
import type { GoldenBuild } from "../domain/golden-build.ts";
import { ledgerKeys } from "../domain/keys.ts";
import type { Recipe } from "../domain/recipe.ts";
import { BaseRefusedError } from "../errors.ts";
import type { Documents } from "./documents.ts";
import { type Parameters, parameterNames } from "./parameters.ts";

/** Golden recipes and the records of what was built of them: documents of the ledger, and the pointer to each recipe in force. */
export class Recipes {
  readonly #documents: Documents;
  readonly #parameters: Pick<Parameters, "read" | "write">;
  readonly #stage: string;

  constructor(documents: Documents, parameters: Pick<Parameters, "read" | "write">, stage: string) {
    this.#documents = documents;
    this.#parameters = parameters;
    this.#stage = stage;
  }

  /** Puts a recipe in force; the same one is stored once. @returns Its digest, and whether it was in force already. */
  async apply(recipe: Recipe): Promise<{ digest: string; unchanged: boolean }> {
    const digest = digestOf(recipe);
    await this.#documents.create(ledgerKeys.recipe(recipe.recipe, digest), recipe);
    const pointer = parameterNames.recipe(this.#stage, recipe.recipe);
    const unchanged = (await this.#parameters.read(pointer)) === digest;
    if (!unchanged) await this.#parameters.write(pointer, digest);
    return { digest, unchanged };
  }

  /** The digest of the recipe that is in force; undefined when there is none of this name. */
  async digestInForce(name: string): Promise<string | undefined> {
    return this.#parameters.read(parameterNames.recipe(this.#stage, name));
  }

  /** The recipe that is in force. @throws {BaseRefusedError} when there is none of this name. */
  async current(name: string): Promise<{ recipe: Recipe; digest: string }> {
    const digest = await this.digestInForce(name);
    if (digest !== undefined) return { recipe: await this.read(name, digest), digest };
    throw new BaseRefusedError(
      `Stage ${this.#stage} has no recipe "${name}".`,
      "Apply it: kiln base apply recipe.yaml. Or name another base in the spec.",
    );
  }

  /** @throws {BaseRefusedError} when it is not in the ledger. */
  async read(name: string, digest: string): Promise<Recipe> {
    const stored = await this.#documents.read<Recipe>(ledgerKeys.recipe(name, digest));
    if (stored) return stored.document;
    throw new BaseRefusedError(`Recipe ${name} (${digest}) is not in the ledger.`, "Apply it again: kiln base apply.");
  }

  /** The record of a golden image, by the digest of recipe and parent. */
  async build(digest: string): Promise<GoldenBuild | undefined> {
    return (await this.#documents.read<GoldenBuild>(ledgerKeys.golden(digest)))?.document;
  }

  /** Changes a record by compare-and-set; `change` may be asked several times. */
  async updateBuild(digest: string, change: (present: GoldenBuild | undefined) => GoldenBuild): Promise<GoldenBuild> {
    let after: GoldenBuild | undefined;
    await this.#documents.update<GoldenBuild>(ledgerKeys.golden(digest), (present) => {
      after = change(present);
      return after === present ? undefined : after;
    });
    return after ?? change(undefined);
  }

  /** Every golden image that was ever begun. */
  async builds(): Promise<GoldenBuild[]> {
    const keys = await this.#documents.list(ledgerKeys.goldens);
    const stored = await Promise.all(keys.map((key) => this.#documents.read<GoldenBuild>(key)));
    return stored.flatMap((one) => (one ? [one.document] : []));
  }
}
