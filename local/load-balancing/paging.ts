import { invalid } from "./errors.ts";

/** AWS's largest page. Source: PageSize in the Elastic Load Balancing model, 1–400. */
const largestPage = 400;

/** One page of a list with the marker of the next one, as every Describe operation of this service gives it. */
export function page<T>(
  items: readonly T[],
  { Marker, PageSize = largestPage }: { Marker?: string | undefined; PageSize?: number | undefined },
): { items: T[]; NextMarker: string | undefined } {
  if (PageSize < 1 || PageSize > largestPage) throw invalid(`PageSize must be between 1 and ${largestPage}`);
  const from = Marker === undefined ? 0 : Number(Buffer.from(Marker, "base64").toString());
  if (!Number.isInteger(from) || from < 0) throw invalid(`Invalid marker: ${Marker}`);
  const to = from + PageSize;
  return {
    items: items.slice(from, to),
    NextMarker: to < items.length ? Buffer.from(String(to)).toString("base64") : undefined,
  };
}
