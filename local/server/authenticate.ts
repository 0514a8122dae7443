import { AwsError } from "../core/aws-error.ts";
import type { Caller } from "../core/kernel.ts";
import { collect } from "../wire/body.ts";
import type { WireRequest } from "../wire/message.ts";
import type { ServiceModel } from "../wire/model.ts";
import { isSignedWith, type SignatureClaim, sha256, unsignedPayload } from "../wire/signature.ts";
import { isLegacyUrlSignedWith, type LegacyUrlClaim } from "../wire/signature-v2.ts";

/** Who may call, by access key. The IAM service provides it. */
export interface CredentialSource {
  /** @throws {AwsError} InvalidClientTokenId for a key or token it does not know, ExpiredToken for an old one. */
  callerFor(accessKeyId: string, sessionToken: string | undefined): { caller: Caller; secret: string };
}

export interface Identity {
  caller: Caller;
  secret: string;
}

/** A caller without credentials: only a resource's own policy can let it in. */
export const anonymous: Caller = { kind: "user", arn: "anonymous", accountId: "anonymous", name: "anonymous" };

/** One service family's words for the ways in which credentials fail. */
interface Words {
  unknownKey: readonly [string, number];
  badSignature: readonly [string, number];
  expiredToken: readonly [string, number];
}

/** Sources: EC2 "Error codes", S3 "Error responses", and the common errors of query and JSON services. */
const queryWords: Words = {
  unknownKey: ["InvalidClientTokenId", 403],
  badSignature: ["SignatureDoesNotMatch", 403],
  expiredToken: ["ExpiredToken", 403],
};
const jsonWords: Words = {
  unknownKey: ["UnrecognizedClientException", 403],
  badSignature: ["InvalidSignatureException", 403],
  expiredToken: ["ExpiredTokenException", 403],
};
const ownWords: Readonly<Record<string, Words>> = {
  ec2: { unknownKey: ["AuthFailure", 401], badSignature: ["AuthFailure", 401], expiredToken: ["RequestExpired", 400] },
  s3: {
    unknownKey: ["InvalidAccessKeyId", 403],
    badSignature: ["SignatureDoesNotMatch", 403],
    expiredToken: ["ExpiredToken", 400],
  },
};

function wordsOf(model: ServiceModel): Words {
  return ownWords[model.id] ?? (model.protocol === "query" ? queryWords : jsonWords);
}

/**
 * Proves who sent a request.
 * @param target The request target exactly as it came.
 * @param region The one region of this cloud.
 * @returns The identity, and the request with its body read when the signature covers it.
 * @throws {AwsError} In the service's own words.
 */
export async function authenticate(
  source: CredentialSource,
  model: ServiceModel,
  claim: SignatureClaim,
  request: WireRequest,
  target: string,
  region: string,
): Promise<{ identity: Identity; request: WireRequest }> {
  const words = wordsOf(model);
  const identity = identityOf(source, words, claim);
  const { payloadHash, request: ready } = await payloadHashOf(model, claim, request);
  if (!isSignedWith(claim, identity.secret, ready, target, payloadHash)) {
    throw badSignature(words);
  }
  refuseExpired(claim);
  refuseRegion(model, claim, region);
  return { identity, request: ready };
}

/**
 * A request signed for another region has gone astray: its caller believes its things to be there. IAM has no region,
 * and clients sign it for us-east-1 or, when given an endpoint, for their own; STS's global endpoint is in us-east-1.
 */
function refuseRegion(model: ServiceModel, claim: SignatureClaim, region: string): void {
  const signedFor = claim.scope.split("/")[1] ?? "";
  if (signedFor === region || model.id === "iam" || (model.id === "sts" && signedFor === "us-east-1")) return;
  if (model.id === "s3") {
    throw new AwsError(
      "AuthorizationHeaderMalformed",
      `The authorization header is malformed; the region '${signedFor}' is wrong; expecting '${region}'`,
      400,
      { Region: region },
    );
  }
  const [code, status] = wordsOf(model).badSignature;
  throw new AwsError(code, `Credential should be scoped to a valid region: this cloud is ${region}.`, status);
}

/**
 * Proves who made a pre-signed S3 URL in Signature Version 2.
 * @throws {AwsError} In S3's words.
 */
export function authenticateLegacyUrl(
  source: CredentialSource,
  model: ServiceModel,
  claim: LegacyUrlClaim,
  request: WireRequest,
): Identity {
  const words = wordsOf(model);
  const identity = identityOf(source, words, claim);
  if (!isLegacyUrlSignedWith(claim, identity.secret, request)) throw badSignature(words);
  if (Date.now() > claim.expires * 1000) throw requestExpired();
  return identity;
}

function badSignature(words: Words): AwsError {
  return new AwsError(
    words.badSignature[0],
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    words.badSignature[1],
  );
}

function requestExpired(): AwsError {
  return new AwsError("AccessDenied", "Request has expired", 403);
}

function identityOf(
  source: CredentialSource,
  words: Words,
  claim: Pick<SignatureClaim, "accessKeyId" | "sessionToken">,
): Identity {
  try {
    return source.callerFor(claim.accessKeyId, claim.sessionToken);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const [code, status] = error.code === "ExpiredToken" ? words.expiredToken : words.unknownKey;
    throw new AwsError(code, error.message, status);
  }
}

/**
 * What the signature says of the body. S3 always names it in a header; elsewhere a missing header means that the digest
 * of the body itself was signed, so the body is read first.
 */
async function payloadHashOf(
  model: ServiceModel,
  claim: SignatureClaim,
  request: WireRequest,
): Promise<{ payloadHash: string; request: WireRequest }> {
  const named = request.headers["x-amz-content-sha256"];
  if (named !== undefined && model.id === "s3") return { payloadHash: named, request };
  if (claim.expiresSeconds !== undefined && model.id === "s3") return { payloadHash: unsignedPayload, request };
  if (named === unsignedPayload) return { payloadHash: named, request };
  const body = await collect(request.body);
  const digest = sha256(body);
  if (named !== undefined && named !== digest) {
    throw new AwsError("InvalidSignatureException", "The body is not the one that x-amz-content-sha256 names.", 403);
  }
  return { payloadHash: digest, request: { ...request, body } };
}

/** A pre-signed URL is judged by the wall clock that signed it, not by the modelled one, which may run faster. */
function refuseExpired(claim: SignatureClaim): void {
  if (claim.expiresSeconds === undefined) return;
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(claim.timestamp)?.map(Number) ?? [];
  const signedMs = Date.UTC(year ?? 0, (month ?? 1) - 1, day ?? 1, hour ?? 0, minute ?? 0, second ?? 0);
  if (Date.now() > signedMs + claim.expiresSeconds * 1000) {
    throw requestExpired();
  }
}
