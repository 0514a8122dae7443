import { AwsError } from "../core/aws-error.ts";
import { cborProtocol, jsonProtocol } from "./json-protocol.ts";
import type { WireRequest, WireResponse } from "./message.ts";
import type { ProtocolName, ServiceModel } from "./model.ts";
import type { Protocol } from "./protocol.ts";
import { ec2Protocol, queryProtocol } from "./query-protocol.ts";
import { restJsonProtocol } from "./rest-json-protocol.ts";
import { restXmlProtocol } from "./rest-xml-protocol.ts";

const protocols: Readonly<Record<ProtocolName, Protocol>> = {
  json: jsonProtocol,
  query: queryProtocol,
  ec2: ec2Protocol,
  "rest-json": restJsonProtocol,
  "rest-xml": restXmlProtocol,
};

/**
 * The protocol a request is in: what it says itself, else the service's own. CloudWatch is spoken in three: its clients
 * moved from forms through JSON to CBOR.
 */
export function protocolOf(model: ServiceModel, request: WireRequest): Protocol {
  if (model.protocol !== "json") return protocols[model.protocol];
  if (request.headers["smithy-protocol"] === "rpc-v2-cbor") return cborProtocol;
  if (request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) return queryProtocol;
  return jsonProtocol;
}

/**
 * Writes an error in the protocol of the request. The model's status counts before the error's own, except for one
 * that has no model. Anything that is no AwsError is a fault of this cloud: InternalFailure, with its message.
 */
export function failureResponse(
  protocol: Protocol,
  model: ServiceModel,
  request: WireRequest,
  thrown: unknown,
  requestId: string,
): WireResponse {
  const error = thrown instanceof AwsError ? thrown : internalFailure(thrown);
  const errorModel = model.error(error.code);
  const status = errorModel?.status ?? error.status;
  return protocol.failure(model, { error, model: errorModel, status, requestId }, request);
}

function internalFailure(thrown: unknown): AwsError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AwsError("InternalFailure", `the embedded cloud failed: ${message}`, 500);
}
