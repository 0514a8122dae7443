import { invalidParameter } from "./errors.ts";

interface PageRequest {
  MaxResults?: number | undefined;
  NextToken?: string | undefined;
}

/**
 * One page of items, sorted by key. The token holds the last key given, so a page does not shift when things
 * are created or deleted in between.
 * @param bounds What the operation accepts as MaxResults; without MaxResults everything is one page, as in EC2.
 */
export function page<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  request: PageRequest,
  bounds: { min: number; max: number } = { min: 5, max: 1000 },
): { items: T[]; NextToken: string | undefined } {
  const after = request.NextToken ? keyIn(request.NextToken) : undefined;
  const sorted = [...items].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const rest = after === undefined ? sorted : sorted.filter((item) => keyOf(item) > after);
  const size = request.MaxResults ?? rest.length;
  if (request.MaxResults !== undefined && (size < bounds.min || size > bounds.max)) {
    throw invalidParameter(
      `Value ( ${size} ) for parameter maxResults is invalid. Expecting a value between ${bounds.min} and ${bounds.max}.`,
    );
  }
  const taken = rest.slice(0, size);
  const last = taken.at(-1);
  const more = last !== undefined && rest.length > taken.length;
  return { items: taken, NextToken: more ? Buffer.from(`after:${keyOf(last)}`).toString("base64url") : undefined };
}

function keyIn(token: string): string {
  const text = Buffer.from(token, "base64url").toString();
  if (!text.startsWith("after:")) throw invalidParameter("Invalid value for parameter nextToken");
  return text.slice("after:".length);
}
