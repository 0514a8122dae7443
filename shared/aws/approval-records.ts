import { ledgerKeys } from "../domain/keys.ts";
import type { Documents } from "./documents.ts";

/** A release that waits for a person's word. */
export interface Approval {
  generation: string;
  version: string;
  execution: string;
  /** What Step Functions wants with the answer; of no use without the permission to send it. */
  taskToken: string;
  /** ISO times. */
  askedAt: string;
  until: string;
  /** What the deploy adds at least, for whoever decides; absent in questions of before Kiln told. */
  cost?: string;
}

/** What the ledger knows of releases that wait, or waited, for a person. */
export class ApprovalRecords {
  readonly #documents: Documents;

  constructor(documents: Documents) {
    this.#documents = documents;
  }

  /** Writes down that a release waits for a person's word, and how to give it. A later question takes an earlier one's place. */
  async ask(service: string, asked: Approval): Promise<void> {
    await this.#documents.update<Approval>(ledgerKeys.approval(service, asked.generation), () => asked);
  }

  /** The last question for approval of a release, answered or not; undefined when none was asked. */
  async read(service: string, generation: string): Promise<Approval | undefined> {
    return (await this.#documents.read<Approval>(ledgerKeys.approval(service, generation)))?.document;
  }
}
