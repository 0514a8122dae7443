import { AwsError } from "../core/aws-error.ts";

interface PageInput {
  Limit?: number | undefined;
  Marker?: string | undefined;
}

/** Entries on a page when the caller does not say; ListKeys alone has 100. Source: KMS API reference, Limit of each list. */
const usualLimit = 50;

/**
 * One page of a list, with the members by which the next one is asked for. The marker is the index of its first entry.
 * @throws {AwsError} InvalidMarkerException for a marker that this list never gave.
 */
export function page<T>(
  all: readonly T[],
  { Limit = usualLimit, Marker }: PageInput,
): { entries: T[]; more: { Truncated: boolean; NextMarker?: string } } {
  const from = Number(Marker ?? 0);
  if (!Number.isInteger(from) || from < 0 || from > all.length) {
    throw new AwsError("InvalidMarkerException", `The marker ${Marker} is not one of this list.`);
  }
  const entries = all.slice(from, from + Limit);
  const next = from + entries.length;
  return { entries, more: next < all.length ? { Truncated: true, NextMarker: String(next) } : { Truncated: false } };
}
