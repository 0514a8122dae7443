import type { Freeze } from "../domain/calendar.ts";
import { ledgerKeys } from "../domain/keys.ts";
import type { Documents } from "./documents.ts";

/** What the ledger knows of times in which nothing is deployed. */
export class FreezeRecords {
  readonly #documents: Documents;

  constructor(documents: Documents) {
    this.#documents = documents;
  }

  /** The freezes in force or past that hold for a service: the stage's and its own. */
  async of(service: string): Promise<Freeze[]> {
    const found = await Promise.all([this.read(undefined), this.read(service)]);
    return found.flatMap((freeze) => freeze ?? []);
  }

  /** The freeze of one service, or without one of the whole stage. */
  async read(service: string | undefined): Promise<Freeze | undefined> {
    return (await this.#documents.read<Freeze | null>(freezeKey(service)))?.document ?? undefined;
  }

  /** Freezes a service, or the whole stage; null thaws it. */
  async write(service: string | undefined, freeze: Freeze | null): Promise<void> {
    await this.#documents.update<Freeze | null>(freezeKey(service), () => freeze);
  }
}

function freezeKey(service: string | undefined): string {
  return service === undefined ? ledgerKeys.freezeOfStage : ledgerKeys.freeze(service);
}
