import { createHash } from "node:crypto";
import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import type { StoredAttribute } from "./documents.ts";
import { invalidParameter } from "./errors.ts";

/** Source: SQS quotas, "Message attributes". */
const maximumAttributes = 10;

export function md5Of(data: string | Uint8Array): string {
  return createHash("md5").update(data).digest("hex");
}

/**
 * Message attributes of a request, checked and ready for the store.
 * @throws {AwsError} InvalidParameterValue
 */
export function storedAttributes(
  given: Readonly<Record<string, MessageAttributeValue>> | undefined,
): Record<string, StoredAttribute> {
  const entries = Object.entries(given ?? {});
  if (entries.length > maximumAttributes) {
    throw invalidParameter(`Number of message attributes [${entries.length}] exceeds the allowed maximum [10].`);
  }
  return Object.fromEntries(entries.map(([name, value]) => [name, storedAttribute(name, value)]));
}

function storedAttribute(name: string, value: MessageAttributeValue): StoredAttribute {
  if (!/^(?!\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)$/.test(name)) {
    throw invalidParameter(`Message (user) attribute name '${name}' is not valid.`);
  }
  const dataType = value.DataType ?? "";
  const [kind] = dataType.split(".");
  if (kind === "Binary" && value.BinaryValue !== undefined) {
    return { dataType, binary: Buffer.from(value.BinaryValue).toString("base64") };
  }
  if ((kind === "String" || kind === "Number") && value.StringValue !== undefined && value.StringValue !== "") {
    if (kind === "Number" && Number.isNaN(Number(value.StringValue))) {
      throw invalidParameter(`Can't cast the value of message (user) attribute '${name}' to a number.`);
    }
    return { dataType, text: value.StringValue };
  }
  throw invalidParameter(
    `The message (user) attribute '${name}' must contain a non-empty value of its type, which is String, Number or Binary.`,
  );
}

/** Attributes as a receiver gets them. */
export function attributeValue(stored: StoredAttribute): MessageAttributeValue {
  return {
    DataType: stored.dataType,
    ...(stored.text !== undefined && { StringValue: stored.text }),
    ...(stored.binary !== undefined && { BinaryValue: Buffer.from(stored.binary, "base64") }),
  };
}

/**
 * The digest by which clients check attributes. Source: SQS developer guide, "Calculating the MD5 message digest for
 * message attributes": names in order; each name, type and value preceded by its length, the value also by its kind.
 */
export function md5OfAttributes(attributes: Readonly<Record<string, StoredAttribute>>): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash("md5");
  const update = (bytes: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.byteLength);
    hash.update(length).update(bytes);
  };
  for (const name of names) {
    const { dataType = "", text, binary } = attributes[name] ?? {};
    update(Buffer.from(name));
    update(Buffer.from(dataType));
    hash.update(Uint8Array.of(binary === undefined ? 1 : 2));
    update(binary === undefined ? Buffer.from(text ?? "") : Buffer.from(binary, "base64"));
  }
  return hash.digest("hex");
}

/** Whether a receiver asked for an attribute: `All`, `.*`, its name, or a prefix such as `foo.*`. */
export function isWanted(name: string, wanted: readonly string[] | undefined): boolean {
  return (wanted ?? []).some(
    (one) => one === "All" || one === ".*" || one === name || (one.endsWith(".*") && name.startsWith(one.slice(0, -1))),
  );
}

/** What counts towards the size of a message: body and attributes with their names and types. */
export function messageBytes(body: string, attributes: Readonly<Record<string, StoredAttribute>>): number {
  return Object.entries(attributes).reduce((sum, [name, { dataType, text, binary }]) => {
    const value = binary === undefined ? Buffer.byteLength(text ?? "") : Buffer.from(binary, "base64").byteLength;
    return sum + Buffer.byteLength(name) + Buffer.byteLength(dataType) + value;
  }, Buffer.byteLength(body));
}
