import { decodeCbor, encodeCbor, encodePlainCbor } from "./cbor.ts";
import { decodeJson, encodeJson, parseJson } from "./json.ts";
import type { WireRequest } from "./message.ts";
import type { ServiceModel } from "./model.ts";
import type { Protocol, WireFailure } from "./protocol.ts";

/** awsJson 1.0 and 1.1: the operation in X-Amz-Target; the answer has the content type of the question. */
export const jsonProtocol: Protocol = {
  operationName: (_model, request) => request.headers["x-amz-target"]?.split(".").at(-1),

  read: (_model, operation, request) =>
    operation.input.isStructured ? decodeJson(operation.input, parseJson(bytesOf(request))) : {},

  success(_model, operation, output, requestId, request) {
    const value = operation.output.isStructured ? encodeJson(operation.output, output ?? {}) : {};
    return { status: 200, headers: jsonHeaders(request, requestId), body: JSON.stringify(value) };
  },

  failure(model, failure, request) {
    const { error, status, requestId } = failure;
    const headers = { ...jsonHeaders(request, requestId), ...queryErrorHeader(model, failure) };
    const type = `${model.namespace}#${failure.model?.name ?? error.code}`;
    return { status, headers, body: JSON.stringify({ __type: type, ...errorBody(failure) }) };
  },
};

/** Smithy RPC v2 CBOR, which CloudWatch's newer clients speak. */
export const cborProtocol: Protocol = {
  operationName: (_model, request) => /\/operation\/([^/]+)$/.exec(request.path)?.[1],

  read: (_model, operation, request) => decodeCbor(operation.input, bytesOf(request)),

  success(_model, operation, output, requestId) {
    const body = operation.output.isStructured ? encodeCbor(operation.output, output ?? {}) : new Uint8Array();
    return { status: 200, headers: cborHeaders(requestId), body };
  },

  failure(model, failure) {
    const { error, status, requestId } = failure;
    const headers = { ...cborHeaders(requestId), ...queryErrorHeader(model, failure) };
    const type = `${model.namespace}#${failure.model?.name ?? error.code}`;
    return { status, headers, body: encodePlainCbor({ __type: type, ...errorBody(failure) }) };
  },
};

/** The members of an error as JSON, its message under the name the model gives it. */
export function errorBody({ error, model }: WireFailure): Record<string, unknown> {
  const messageName = model && [...model.shape.members.keys()].find((name) => name.toLowerCase() === "message");
  const members = model ? (encodeJson(model.shape, error.members) as Record<string, unknown>) : error.members;
  return { ...members, [messageName ?? "message"]: error.message };
}

function jsonHeaders(request: WireRequest, requestId: string): Record<string, string> {
  const asked = request.headers["content-type"];
  const type = asked?.startsWith("application/x-amz-json-") ? asked : "application/x-amz-json-1.1";
  return { "content-type": type, "x-amzn-requestid": requestId };
}

function cborHeaders(requestId: string): Record<string, string> {
  return { "content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor", "x-amzn-requestid": requestId };
}

/** Services that left the query protocol still tell its error codes, for clients written against them. */
function queryErrorHeader(service: ServiceModel, { error, model, status }: WireFailure): Record<string, string> {
  if (!service.queryCompatible) return {};
  return { "x-amzn-query-error": `${model?.queryCode ?? error.code};${status >= 500 ? "Receiver" : "Sender"}` };
}

function bytesOf(request: WireRequest): Uint8Array {
  return request.body instanceof Uint8Array ? request.body : new Uint8Array();
}
