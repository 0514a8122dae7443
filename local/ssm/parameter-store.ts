import { Buffer } from "node:buffer";
import type { DecryptCommandOutput, EncryptCommandOutput } from "@aws-sdk/client-kms";
import type { Caller, Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import { parameterNotFound } from "./errors.ts";
import { nameOf, type ParameterRecord, type ParameterVersion } from "./parameter-record.ts";

/** The account's key for parameters, which everyone in the account may use through SSM. */
const managedKey = "alias/aws/ssm";

/** Parameters, and the values of secure ones. */
export class ParameterStore {
  readonly kernel: Kernel;
  readonly parameters: Collection<ParameterRecord>;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.parameters = kernel.store.collection("ssm.parameters");
  }

  find(nameOrArn: string): Readonly<ParameterRecord> | undefined {
    const name = nameOf(nameOrArn);
    return this.parameters.get(name) ?? (name.startsWith("/") ? undefined : this.parameters.get(`/${name}`));
  }

  /** @throws {AwsError} ParameterNotFound. */
  get(nameOrArn: string): Readonly<ParameterRecord> {
    const found = this.find(nameOrArn);
    if (!found) throw parameterNotFound(nameOrArn);
    return found;
  }

  /** What is stored for a value. @throws {AwsError} As KMS does. */
  async seal(type: string, value: string, keyId: string | undefined, name: string, caller: Caller): Promise<string> {
    if (type !== "SecureString") return value;
    const input = {
      KeyId: keyId ?? managedKey,
      Plaintext: Buffer.from(value),
      EncryptionContext: { PARAMETER_ARN: name },
    };
    const output = await this.kernel.call<EncryptCommandOutput>("kms", "Encrypt", input, this.#keyUser(keyId, caller));
    return Buffer.from(output.CiphertextBlob ?? new Uint8Array()).toString("base64");
  }

  /** The value as an answer shows it: a secure one only when it is to be decrypted. @throws {AwsError} As KMS does. */
  async open(name: string, version: ParameterVersion, decrypt: boolean, caller: Caller): Promise<string> {
    if (version.type !== "SecureString" || !decrypt) return version.value;
    const input = {
      CiphertextBlob: Buffer.from(version.value, "base64"),
      EncryptionContext: { PARAMETER_ARN: name },
    };
    const user = this.#keyUser(version.keyId, caller);
    const output = await this.kernel.call<DecryptCommandOutput>("kms", "Decrypt", input, user);
    return Buffer.from(output.Plaintext ?? new Uint8Array()).toString();
  }

  #keyUser(keyId: string | undefined, caller: Caller): Caller {
    const managed = keyId === undefined || keyId === managedKey;
    return managed ? this.kernel.serviceCaller("ssm.amazonaws.com") : caller;
  }
}
