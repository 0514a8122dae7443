import { ledgerKeys } from "../domain/keys.ts";
import type { Revocation } from "../domain/revocation.ts";
import type { Documents } from "./documents.ts";

/** What must not run any more, as the ledger has it for the whole stage. */
export class RevocationRecords {
  readonly #documents: Documents;

  constructor(documents: Documents) {
    this.#documents = documents;
  }

  /** What must not run any more, in the whole stage. */
  async read(): Promise<Revocation[]> {
    return (await this.#documents.read<Revocation[]>(ledgerKeys.revocations))?.document ?? [];
  }

  /** Changes the revocations by compare-and-set; `change` may be asked several times. */
  async update(change: (all: readonly Revocation[]) => Revocation[]): Promise<void> {
    await this.#documents.update<Revocation[]>(ledgerKeys.revocations, (present) => change(present ?? []));
  }
}
