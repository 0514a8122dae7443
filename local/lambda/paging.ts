import { invalidParameter } from "./catalog.ts";

/** Lambda lists at most 50 items a page, and says so for no larger `MaxItems`. */
const pageSize = 50;

/** One page of a list; the marker is the index of the next item. */
export function page<T>(
  all: T[],
  input: { Marker?: string | undefined; MaxItems?: number | undefined },
): { items: T[]; next: string | undefined } {
  const from = input.Marker === undefined ? 0 : Number(input.Marker);
  if (!Number.isInteger(from) || from < 0)
    throw invalidParameter(`The marker ${input.Marker} is not one of this list.`);
  const size = Math.min(input.MaxItems ?? pageSize, pageSize);
  const items = all.slice(from, from + size);
  return { items, next: from + size < all.length ? String(from + size) : undefined };
}
