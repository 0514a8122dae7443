/** An HTTP request as the protocols read it, free of sockets. */
export interface WireRequest {
  method: string;
  /** As it came: still percent-encoded, without the query. */
  path: string;
  /** Decoded, in the order they came; a name without `=` has an empty value. */
  query: readonly (readonly [name: string, value: string])[];
  /** Names in lower case; repeated headers joined by a comma. */
  headers: Readonly<Record<string, string>>;
  body: Uint8Array | AsyncIterable<Uint8Array>;
}

/** An HTTP response before it is written. A stream is written with back-pressure. */
export interface WireResponse {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array | AsyncIterable<Uint8Array> | undefined;
}

/** The first value of a query parameter; undefined when it is absent. */
export function queryValue(request: WireRequest, name: string): string | undefined {
  return request.query.find(([key]) => key === name)?.[1];
}

/**
 * Splits a request target into its path and decoded query.
 * @param plusIsSpace Whether `+` stands for a space, as in forms and in S3's queries.
 */
export function parseTarget(target: string, plusIsSpace = true): { path: string; query: [string, string][] } {
  const mark = target.indexOf("?");
  if (mark === -1) return { path: target, query: [] };
  return { path: target.slice(0, mark), query: parsePairs(target.slice(mark + 1), plusIsSpace) };
}

/** Decodes `a=1&b`, keeping order and repeats. */
export function parsePairs(text: string, plusIsSpace = true): [string, string][] {
  return text
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair): [string, string] => {
      const equals = pair.indexOf("=");
      const [name, value] = equals === -1 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
      return [decodeText(name, plusIsSpace), decodeText(value, plusIsSpace)];
    });
}

/** Percent-decodes; what is no valid encoding stays as it is. */
export function decodeText(text: string, plusIsSpace = false): string {
  const spaced = plusIsSpace ? text.replaceAll("+", " ") : text;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
