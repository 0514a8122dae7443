import { ledgerKeys } from "../domain/keys.ts";
import type { OnceRecord } from "../domain/once.ts";
import type { Documents } from "./documents.ts";

/** What the ledger knows of the `once` commands of releases. */
export class OnceRecords {
  readonly #documents: Documents;

  constructor(documents: Documents) {
    this.#documents = documents;
  }

  /** Undefined: the release's command was never claimed. */
  async read(service: string, generation: string): Promise<OnceRecord | undefined> {
    return (await this.#documents.read<OnceRecord>(ledgerKeys.once(service, generation)))?.document;
  }

  /** @returns Whether the claim is ours: there was none, or Systems Manager had refused what was claimed before. */
  async claim(service: string, mine: OnceRecord): Promise<boolean> {
    const stands = await this.#documents.update<OnceRecord>(ledgerKeys.once(service, mine.generation), (present) =>
      present === undefined || present.state === "refused" ? mine : undefined,
    );
    return stands?.nonce === mine.nonce;
  }

  /** Writes down what became of a claim; another one that stands by now is left alone. */
  async close(service: string, claimed: OnceRecord): Promise<void> {
    await this.#documents.update<OnceRecord>(ledgerKeys.once(service, claimed.generation), (present) =>
      present?.nonce === claimed.nonce && present.state === "sending" ? claimed : undefined,
    );
  }
}
