import { CborShapeDeserializer, CborShapeSerializer, cbor } from "@smithy/core/cbor";
import { serializationError } from "./json.ts";
import type { Shape } from "./shape.ts";

/** Reads a CBOR body by shape, with the SDK's own codec. */
export function decodeCbor(shape: Shape, bytes: Uint8Array): unknown {
  if (bytes.length === 0 || !shape.isStructured) return {};
  try {
    return new CborShapeDeserializer().read(shape.schema, bytes);
  } catch {
    throw serializationError("the body is not valid CBOR");
  }
}

/** Writes a value as CBOR by shape. */
export function encodeCbor(shape: Shape, value: unknown): Uint8Array {
  const serializer = new CborShapeSerializer();
  serializer.write(shape.schema, value);
  return serializer.flush();
}

/** Writes plain values as CBOR, for messages that have no shape, such as errors. */
export function encodePlainCbor(value: Record<string, unknown>): Uint8Array {
  return cbor.serialize(value);
}
