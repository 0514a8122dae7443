import { AwsError } from "../core/aws-error.ts";
import type { VersionDocument } from "./documents.ts";

/** Bytes `start` up to, not including, `end`. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * What a Range header asks of an object of `bytes` bytes. Undefined means the whole object: without a header, and for one
 * that is not understood (several ranges, other units), which HTTP says to ignore.
 * @throws {AwsError} InvalidRange (416) when no byte of the object is in it.
 */
export function requestedRange(header: string | undefined, bytes: number): ByteRange | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  const start = first === "" ? Math.max(0, bytes - Number(last)) : Number(first);
  const end = first === "" || last === "" ? bytes : Math.min(bytes, Number(last) + 1);
  if (start >= end) {
    throw new AwsError("InvalidRange", "The requested range is not satisfiable", 416, {
      RangeRequested: header,
      ActualObjectSize: bytes,
    });
  }
  return { start, end };
}

/**
 * Where a part lies in its object. An object that was not uploaded in parts has one, itself.
 * @throws {AwsError} InvalidPartNumber (416).
 */
export function partRange(version: Readonly<VersionDocument>, number: number): ByteRange {
  const index = number - 1;
  const piece = version.pieces[index];
  if (!piece) {
    throw new AwsError("InvalidPartNumber", "The requested partnumber is not satisfiable", 416, {
      PartNumberRequested: number,
      ActualPartCount: version.pieces.length,
    });
  }
  const start = version.pieces.slice(0, index).reduce((sum, { bytes }) => sum + bytes, 0);
  return { start, end: start + piece.bytes };
}
