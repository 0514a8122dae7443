import { AwsError } from "../core/aws-error.ts";
import { decodeAwsChunked } from "./aws-chunked.ts";
import { stream } from "./body.ts";
import { BodyPromises, checksumName } from "./integrity.ts";
import type { WireRequest } from "./message.ts";
import type { ChunkSigner } from "./signature.ts";

/** The words in x-amz-content-sha256 that say the body is in chunks. Source: S3 API reference, "sigv4-streaming". */
const chunkedWords = new Set([
  "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
]);

/**
 * The request as S3 means it: its body out of its chunks, its headers as if it had come in one piece, and everything
 * the headers or the trailer promise about the body checked before the body ends.
 * @param operation CompleteMultipartUpload's checksum headers speak of the object, not of its own body.
 * @throws {AwsError} MissingContentLength when nothing says how long the body is.
 */
export function openS3Body(
  request: WireRequest,
  operation: string | undefined,
  newSigner: () => ChunkSigner,
): WireRequest {
  const { headers } = request;
  const word = headers["x-amz-content-sha256"] ?? "";
  const isChunked = chunkedWords.has(word);
  const decodedLength = headers["x-amz-decoded-content-length"];
  if (headers["transfer-encoding"] !== undefined && decodedLength === undefined) {
    throw new AwsError("MissingContentLength", "You must provide the Content-Length HTTP header.", 411);
  }
  const trailerNames = (headers["x-amz-trailer"] ?? "").split(",").map((name) => name.trim().toLowerCase());
  const promises = new BodyPromises(promisesOf(headers, operation), isChunked ? trailerNames : []);
  if (!isChunked) return { ...request, body: promises.watch(stream(request.body)) };
  const signer = word.startsWith("STREAMING-AWS4") ? newSigner() : undefined;
  const decoded = decodeAwsChunked(
    stream(request.body),
    signer,
    decodedLength === undefined ? undefined : Number(decodedLength),
    (trailers) => promises.addTrailers(trailers),
  );
  return { ...request, headers: unchunkedHeaders(headers, trailerNames), body: promises.watch(decoded) };
}

function promisesOf(headers: Readonly<Record<string, string>>, operation: string | undefined): Record<string, string> {
  if (operation !== "CompleteMultipartUpload") return { ...headers };
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith("x-amz-checksum-")));
}

function unchunkedHeaders(headers: Readonly<Record<string, string>>, trailerNames: string[]): Record<string, string> {
  const { "content-encoding": encoding, ...rest } = headers;
  const encodings = (encoding ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "aws-chunked");
  const algorithm = trailerNames.map(checksumName).find((name) => name !== undefined);
  return {
    ...rest,
    ...(encodings.length > 0 ? { "content-encoding": encodings.join(",") } : {}),
    ...(headers["x-amz-decoded-content-length"] === undefined
      ? {}
      : { "content-length": headers["x-amz-decoded-content-length"] }),
    ...(algorithm !== undefined && headers["x-amz-sdk-checksum-algorithm"] === undefined
      ? { "x-amz-sdk-checksum-algorithm": algorithm }
      : {}),
  };
}
