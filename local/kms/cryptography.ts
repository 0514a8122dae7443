import { createCipheriv, createDecipheriv } from "node:crypto";
import type {
  DecryptCommandInput,
  EncryptCommandInput,
  GenerateDataKeyCommandInput,
  ReEncryptCommandInput,
} from "@aws-sdk/client-kms";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Operation } from "../core/kernel.ts";
import { validation } from "./errors.ts";
import type { KeyPermissions } from "./key-access.ts";
import { type KeyRecord, keyArn } from "./key-record.ts";
import type { KeyRing } from "./key-ring.ts";

/** Source: API reference of Encrypt, for symmetric keys. */
const maxPlaintextBytes = 4096;

type EncryptionContext = Readonly<Record<string, string>> | undefined;

const idBytes = 36;
const nonceBytes = 12;
const tagBytes = 16;

/** Operations that encrypt and decrypt: AES-256-GCM, the key's ID in front, the encryption context authenticated. */
export function cryptographicOperations(ring: KeyRing, permissions: KeyPermissions): Record<string, Operation> {
  const usable = (reference: string | undefined, action: string, encryptionContext: EncryptionContext, call: Call) => {
    const key = ring.find(reference);
    permissions.authorize(call, key, action, { encryptionContext });
    return ring.findEnabled(reference);
  };
  const generate = (input: GenerateDataKeyCommandInput, action: string, call: Call) => {
    const key = usable(input.KeyId, action, input.EncryptionContext, call);
    const plaintext = Buffer.from(ring.kernel.random.hex(dataKeyBytes(input) * 2), "hex");
    return { key, plaintext, ciphertext: seal(ring, key, plaintext, input.EncryptionContext) };
  };
  return {
    Encrypt: {
      permissions: () => [],
      run: (input: EncryptCommandInput, call) => {
        const key = usable(input.KeyId, "Encrypt", input.EncryptionContext, call);
        const plaintext = input.Plaintext ?? new Uint8Array();
        if (plaintext.byteLength < 1 || plaintext.byteLength > maxPlaintextBytes) {
          throw validation(`The plaintext has ${plaintext.byteLength} bytes; 1 to ${maxPlaintextBytes} are allowed.`);
        }
        return {
          CiphertextBlob: seal(ring, key, plaintext, input.EncryptionContext),
          KeyId: keyArn(ring.kernel, key.id),
          EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
        };
      },
    },
    Decrypt: {
      permissions: () => [],
      run: (input: DecryptCommandInput, call) => {
        const id = keyIdOf(input.CiphertextBlob);
        if (input.KeyId !== undefined && ring.find(input.KeyId).id !== id) {
          throw new AwsError(
            "IncorrectKeyException",
            "The key ID in the request does not identify a CMK that can perform this operation.",
          );
        }
        if (!ring.keys.get(id)) throw invalidCiphertext();
        const key = usable(id, "Decrypt", input.EncryptionContext, call);
        return {
          Plaintext: open(key, input.CiphertextBlob, input.EncryptionContext),
          KeyId: keyArn(ring.kernel, key.id),
          EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
        };
      },
    },
    ReEncrypt: {
      permissions: () => [],
      run: (input: ReEncryptCommandInput, call) => {
        const id = keyIdOf(input.CiphertextBlob);
        if (!ring.keys.get(id)) throw invalidCiphertext();
        const from = usable(id, "ReEncryptFrom", input.SourceEncryptionContext, call);
        const to = usable(input.DestinationKeyId, "ReEncryptTo", input.DestinationEncryptionContext, call);
        const plaintext = open(from, input.CiphertextBlob, input.SourceEncryptionContext);
        return {
          CiphertextBlob: seal(ring, to, plaintext, input.DestinationEncryptionContext),
          SourceKeyId: keyArn(ring.kernel, from.id),
          KeyId: keyArn(ring.kernel, to.id),
        };
      },
    },
    GenerateDataKey: {
      permissions: () => [],
      run: (input: GenerateDataKeyCommandInput, call) => {
        const { key, plaintext, ciphertext } = generate(input, "GenerateDataKey", call);
        return { Plaintext: plaintext, CiphertextBlob: ciphertext, KeyId: keyArn(ring.kernel, key.id) };
      },
    },
    GenerateDataKeyWithoutPlaintext: {
      permissions: () => [],
      run: (input: GenerateDataKeyCommandInput, call) => {
        const { key, ciphertext } = generate(input, "GenerateDataKeyWithoutPlaintext", call);
        return { CiphertextBlob: ciphertext, KeyId: keyArn(ring.kernel, key.id) };
      },
    },
  };
}

function dataKeyBytes(input: GenerateDataKeyCommandInput): number {
  if ((input.KeySpec === undefined) === (input.NumberOfBytes === undefined)) {
    throw validation("Please specify either number of bytes or key spec.");
  }
  const bytes = input.NumberOfBytes ?? (input.KeySpec === "AES_128" ? 16 : 32);
  if (bytes < 1 || bytes > 1024) throw validation(`NumberOfBytes ${bytes} is not in the range 1 to 1024.`);
  return bytes;
}

/** The context in an order that does not depend on how it was written down. */
function authenticated(context: EncryptionContext): Buffer {
  const entries = Object.entries(context ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.from(JSON.stringify(entries));
}

function seal(ring: KeyRing, key: Readonly<KeyRecord>, plaintext: Uint8Array, context: EncryptionContext): Uint8Array {
  const nonce = Buffer.from(ring.kernel.random.hex(nonceBytes * 2), "hex");
  const cipher = createCipheriv("aes-256-gcm", Buffer.from(key.material, "hex"), nonce);
  cipher.setAAD(authenticated(context));
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([Buffer.from(key.id), nonce, cipher.getAuthTag(), body]);
}

function keyIdOf(blob: Uint8Array | undefined): string {
  return Buffer.from((blob ?? new Uint8Array()).subarray(0, idBytes)).toString();
}

function open(key: Readonly<KeyRecord>, blob: Uint8Array | undefined, context: EncryptionContext): Uint8Array {
  const bytes = Buffer.from(blob ?? new Uint8Array());
  const nonce = bytes.subarray(idBytes, idBytes + nonceBytes);
  const tag = bytes.subarray(idBytes + nonceBytes, idBytes + nonceBytes + tagBytes);
  try {
    const decipher = createDecipheriv("aes-256-gcm", Buffer.from(key.material, "hex"), nonce);
    decipher.setAAD(authenticated(context));
    decipher.setAuthTag(tag);
    return Buffer.concat([decipher.update(bytes.subarray(idBytes + nonceBytes + tagBytes)), decipher.final()]);
  } catch {
    // Damaged bytes and another encryption context look the same, and AWS does not tell them apart either.
    throw invalidCiphertext();
  }
}

function invalidCiphertext(): AwsError {
  return new AwsError("InvalidCiphertextException", "");
}
