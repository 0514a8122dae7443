import { AwsError } from "../../core/aws-error.ts";

/** Results of a list call when nothing is asked for, and the most that may be asked for. Source: the API reference. */
const pageSizeDefault = 100;
const pageSizeMax = 1000;

/**
 * One page of a list. The token is the position of the next element.
 * @param maxResults 0 means the default.
 * @throws {AwsError} InvalidToken
 */
export function page<T>(
  all: readonly T[],
  maxResults: number | undefined,
  nextToken: string | undefined,
): { items: T[]; nextToken?: string } {
  const size = Math.min(maxResults || pageSizeDefault, pageSizeMax);
  const start = nextToken === undefined ? 0 : position(nextToken);
  const items = all.slice(start, start + size);
  const next = start + size;
  return next < all.length ? { items, nextToken: tokenFor(next) } : { items };
}

function tokenFor(next: number): string {
  return Buffer.from(`from:${next}`).toString("base64");
}

function position(token: string): number {
  const [, digits] = /^from:(\d+)$/.exec(Buffer.from(token, "base64").toString()) ?? [];
  if (digits === undefined) throw new AwsError("InvalidToken", `Invalid Token: '${token}'`);
  return Number(digits);
}
