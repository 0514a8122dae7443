import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { AwsError } from "../core/aws-error.ts";
import { parseTarget, queryValue, type WireRequest } from "./message.ts";

/** What a request says about who signed it, and how. */
export interface SignatureClaim {
  accessKeyId: string;
  sessionToken: string | undefined;
  /** `20260101T000000Z`. */
  timestamp: string;
  /** `<date>/<region>/<service>/aws4_request`. */
  scope: string;
  service: string;
  signedHeaders: readonly string[];
  signature: string;
  /** Seconds a pre-signed URL is good for; undefined when the signature is in a header. */
  expiresSeconds: number | undefined;
}

const algorithm = "AWS4-HMAC-SHA256";

/** What stands for the body's digest when the body is not signed. */
export const unsignedPayload = "UNSIGNED-PAYLOAD";

/**
 * The Signature Version 4 of a request, from its Authorization header or its query; undefined when it has none.
 * @throws {AwsError} IncompleteSignature when there is one that lacks a part.
 */
export function readSignature(request: WireRequest): SignatureClaim | undefined {
  const header = request.headers["authorization"];
  if (header?.startsWith(algorithm)) return fromHeader(request, header);
  if (queryValue(request, "X-Amz-Algorithm") === algorithm) return fromQuery(request);
  return undefined;
}

function fromHeader(request: WireRequest, header: string): SignatureClaim {
  const parts = new Map<string, string>();
  for (const part of header.slice(algorithm.length).split(",")) {
    const [name = "", value = ""] = part.trim().split(/=(.*)/s);
    parts.set(name, value);
  }
  return claim({
    credential: parts.get("Credential"),
    signedHeaders: parts.get("SignedHeaders"),
    signature: parts.get("Signature"),
    timestamp: request.headers["x-amz-date"],
    sessionToken: request.headers["x-amz-security-token"],
    expires: undefined,
  });
}

function fromQuery(request: WireRequest): SignatureClaim {
  return claim({
    credential: queryValue(request, "X-Amz-Credential"),
    signedHeaders: queryValue(request, "X-Amz-SignedHeaders"),
    signature: queryValue(request, "X-Amz-Signature"),
    timestamp: queryValue(request, "X-Amz-Date"),
    sessionToken: queryValue(request, "X-Amz-Security-Token"),
    expires: queryValue(request, "X-Amz-Expires") ?? "900",
  });
}

interface Parts {
  credential: string | undefined;
  signedHeaders: string | undefined;
  signature: string | undefined;
  timestamp: string | undefined;
  sessionToken: string | undefined;
  expires: string | undefined;
}

function claim(parts: Parts): SignatureClaim {
  const [accessKeyId, ...scope] = parts.credential?.split("/") ?? [];
  const service = scope[2];
  if (!accessKeyId || scope.length !== 4 || !service || !parts.signedHeaders || !parts.signature || !parts.timestamp) {
    throw new AwsError(
      "IncompleteSignature",
      "Authorization requires 'Credential', 'SignedHeaders', 'Signature' and the existence of either an 'X-Amz-Date' or a 'Date' header.",
      403,
    );
  }
  return {
    accessKeyId,
    sessionToken: parts.sessionToken,
    timestamp: parts.timestamp,
    scope: scope.join("/"),
    service,
    signedHeaders: parts.signedHeaders.split(";"),
    signature: parts.signature,
    expiresSeconds: parts.expires === undefined ? undefined : Number(parts.expires),
  };
}

/**
 * Whether the request was signed with this secret. How old the signature is does not matter: the modelled clock may run
 * faster than the client's, so unlike AWS there is no limit of 15 minutes.
 * @param target The request target exactly as it came, query included.
 * @param payloadHash The digest of the body, or the word that stands for it.
 */
export function isSignedWith(
  claimed: SignatureClaim,
  secret: string,
  request: WireRequest,
  target: string,
  payloadHash: string,
): boolean {
  const canonical = canonicalRequest(claimed, request, target, payloadHash);
  const text = [algorithm, claimed.timestamp, claimed.scope, sha256(canonical)].join("\n");
  const expected = Buffer.from(hmac(signingKey(secret, claimed.scope), text).toString("hex"));
  const given = Buffer.from(claimed.signature);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** Source: IAM User Guide, "Create a signed AWS API request". */
function canonicalRequest(claimed: SignatureClaim, request: WireRequest, target: string, payloadHash: string): string {
  const { path, query } = parseTarget(target, false);
  const headers = claimed.signedHeaders.map((name) => {
    const value = (request.headers[name] ?? "").trim().replace(/ +/g, " ");
    return `${name}:${value}\n`;
  });
  return [
    request.method,
    claimed.service === "s3" ? path : canonicalPath(path),
    canonicalQuery(query),
    headers.join(""),
    claimed.signedHeaders.join(";"),
    payloadHash,
  ].join("\n");
}

/** Every service but S3 signs the normalised path, encoded once more than it is sent. */
function canonicalPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment === "..") segments.pop();
    else segments.push(segment);
  }
  const joined = `/${segments.join("/")}${path.endsWith("/") && segments.length > 0 ? "/" : ""}`;
  return joined.split("/").map(encode).join("/");
}

function canonicalQuery(query: readonly (readonly [string, string])[]): string {
  return query
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]): [string, string] => [encode(name), encode(value)])
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Keys change once a day per secret, region and service; a few hundred are plenty. */
const keysMax = 500;
const keys = new Map<string, Buffer>();

function signingKey(secret: string, scope: string): Buffer {
  const name = `${secret}/${scope}`;
  const known = keys.get(name);
  if (known) return known;
  let key: Buffer = Buffer.from(`AWS4${secret}`);
  for (const part of scope.split("/")) key = hmac(key, part);
  if (keys.size >= keysMax) keys.clear();
  keys.set(name, key);
  return key;
}

/** Signs one piece of a chunked body; each signature covers the one before. Source: S3 API reference, "sigv4-streaming". */
export class ChunkSigner {
  readonly #claim: SignatureClaim;
  readonly #key: Buffer;
  #previous: string;

  constructor(claimed: SignatureClaim, secret: string) {
    this.#claim = claimed;
    this.#key = signingKey(secret, claimed.scope);
    this.#previous = claimed.signature;
  }

  /** @param chunkHash SHA-256 of the chunk's bytes, in hexadecimal. */
  chunk(chunkHash: string): string {
    return this.#sign(`${algorithm}-PAYLOAD`, [sha256(""), chunkHash]);
  }

  /** @param lines The trailing headers, each as `name:value\n`. */
  trailer(lines: string): string {
    return this.#sign(`${algorithm}-TRAILER`, [sha256(lines)]);
  }

  #sign(kind: string, hashes: string[]): string {
    const text = [kind, this.#claim.timestamp, this.#claim.scope, this.#previous, ...hashes].join("\n");
    this.#previous = hmac(this.#key, text).toString("hex");
    return this.#previous;
  }
}

/** SHA-256 in hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
