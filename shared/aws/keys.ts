import { DescribeKeyCommand, GetKeyPolicyCommand, type KMSClient } from "@aws-sdk/client-kms";
import { isNamed } from "../errors.ts";

/** KMS keys, read only. */
export class Keys {
  readonly #kms: KMSClient;

  constructor(kms: KMSClient) {
    this.#kms = kms;
  }

  /** The key's own policy, JSON. */
  async policy(keyArn: string): Promise<string> {
    return (await this.#kms.send(new GetKeyPolicyCommand({ KeyId: keyArn, PolicyName: "default" }))).Policy ?? "{}";
  }

  /** `Enabled` is the only state in which images under it can be launched; `gone` when there is no such key. */
  async state(keyArn: string): Promise<string> {
    try {
      const { KeyMetadata } = await this.#kms.send(new DescribeKeyCommand({ KeyId: keyArn }));
      return KeyMetadata?.KeyState ?? "unknown";
    } catch (error) {
      if (isNamed(error, "NotFoundException")) return "gone";
      throw error;
    }
  }
}
