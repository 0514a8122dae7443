import { AwsError } from "../core/aws-error.ts";
import type { Kernel } from "../core/kernel.ts";
import { collect } from "../wire/body.ts";
import { exchange, operationOf } from "../wire/exchange.ts";
import { queryValue, type WireRequest, type WireResponse } from "../wire/message.ts";
import { loadModel, type ServiceModel, serviceOfTarget, serviceOfVersion } from "../wire/model.ts";
import type { Protocol } from "../wire/protocol.ts";
import { failureResponse, protocolOf } from "../wire/protocols.ts";
import { openS3Body } from "../wire/s3-body.ts";
import { ChunkSigner, readSignature, type SignatureClaim } from "../wire/signature.ts";
import { readLegacyUrl } from "../wire/signature-v2.ts";
import { anonymous, authenticate, authenticateLegacyUrl, type CredentialSource } from "./authenticate.ts";

/** A request as it came from a socket. */
export interface IncomingRequest extends WireRequest {
  /** The request target exactly as it came, query included: signatures cover it. */
  target: string;
  sourceIp: string;
}

/** Answers AWS requests of any service and protocol: finds the service, proves the caller, runs the operation. */
export class Gateway {
  readonly #kernel: Kernel;
  readonly #credentials: CredentialSource;

  constructor(kernel: Kernel, credentials: CredentialSource) {
    this.#kernel = kernel;
    this.#credentials = credentials;
  }

  /** Never throws: whatever goes wrong becomes an answer in the protocol of the request. */
  async answer(request: IncomingRequest): Promise<WireResponse> {
    const requestId = this.#kernel.random.uuid();
    let claim: SignatureClaim | undefined;
    let unreadable: unknown;
    try {
      claim = readSignature(request);
    } catch (error) {
      unreadable = error;
    }
    const serviceId = claim?.service ?? guessService(request);
    const model = await loadModel(serviceId);
    if (!model) return unknownService(serviceId, requestId);
    const protocol = protocolOf(model, request);
    try {
      if (unreadable) throw unreadable;
      return await this.#run(model, protocol, claim, request, requestId);
    } catch (error) {
      if (!(error instanceof AwsError)) this.#report(model, request, error);
      return failureResponse(protocol, model, request, error, requestId);
    }
  }

  async #run(
    model: ServiceModel,
    protocol: Protocol,
    claim: SignatureClaim | undefined,
    request: IncomingRequest,
    requestId: string,
  ): Promise<WireResponse> {
    const isForm = model.protocol !== "rest-json" && model.protocol !== "rest-xml";
    const whole = isForm ? { ...request, body: await collect(request.body) } : request;
    if (!claim) {
      if (model.id !== "s3") throw missingToken();
      const legacy = readLegacyUrl(whole);
      const caller = legacy ? authenticateLegacyUrl(this.#credentials, model, legacy, whole).caller : anonymous;
      const opened = openS3Body(whole, undefined, () => {
        throw missingToken();
      });
      return exchange(this.#kernel, protocol, model, opened, caller, requestId, request.sourceIp);
    }
    const { identity, request: proved } = await authenticate(
      this.#credentials,
      model,
      claim,
      whole,
      request.target,
      this.#kernel.settings.region,
    );
    const operation = operationOf(protocol, model, proved);
    const { caller, secret } = identity;
    const opened =
      model.id === "s3" ? openS3Body(proved, operation.name, () => new ChunkSigner(claim, secret)) : proved;
    return exchange(this.#kernel, protocol, model, opened, caller, requestId, request.sourceIp);
  }

  #report(model: ServiceModel, request: WireRequest, error: unknown): void {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#kernel.settings.log(`${model.id} ${request.method} ${request.path} failed: ${detail}`);
  }
}

function missingToken(): AwsError {
  return new AwsError("MissingAuthenticationToken", "Missing Authentication Token", 403);
}

/** The service an unsigned request is for, by its target header, its form's version, its path or its host; else S3. */
function guessService(request: WireRequest): string {
  const target = request.headers["x-amz-target"]?.split(".")[0];
  const byTarget = target === undefined ? undefined : serviceOfTarget(target);
  if (byTarget) return byTarget;
  if (request.path.startsWith("/service/GraniteServiceVersion20100801/")) return "monitoring";
  if (/^\/\d{4}-\d\d-\d\d\/functions/.test(request.path)) return "lambda";
  const version = queryValue(request, "Version");
  return (version && serviceOfVersion(version)) || "s3";
}

/** There is no protocol to answer in, so the answer is one that every SDK shows to its user. */
function unknownService(serviceId: string, requestId: string): WireResponse {
  const message = `the embedded cloud does not have the service ${serviceId}`;
  return {
    status: 501,
    headers: {
      "content-type": "application/json",
      "x-amzn-errortype": "NotImplemented",
      "x-amzn-requestid": requestId,
    },
    body: JSON.stringify({ __type: "NotImplemented", message }),
  };
}
