import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";

interface Defaults {
  encryptByDefault: boolean;
  /** As the account set it; undefined is AWS's own key for EBS. */
  kmsKeyId?: string;
}

/** The account's setting "EBS encryption by default": off until switched on, as in a new account. */
export class EncryptionDefaults {
  readonly #documents: Collection<Defaults>;

  constructor(kernel: Kernel) {
    this.#documents = kernel.store.collection("ebs.encryption-defaults");
  }

  get(): Readonly<Defaults> {
    return this.#documents.get("account") ?? { encryptByDefault: false };
  }

  set(change: Partial<Defaults>): void {
    this.#documents.put("account", { ...this.get(), ...change });
  }
}
