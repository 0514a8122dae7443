import { isBound, readBindings, writeBindings } from "./bindings.ts";
import { decodeJson, encodeJson, parseJson } from "./json.ts";
import { errorBody } from "./json-protocol.ts";
import type { WireRequest, WireResponse } from "./message.ts";
import type { OperationModel } from "./model.ts";
import type { Protocol } from "./protocol.ts";
import { matchRoute } from "./routes.ts";
import type { Shape } from "./shape.ts";

/** restJson1, as Lambda, Scheduler and the EBS direct APIs speak it. */
export const restJsonProtocol: Protocol = {
  operationName: (model, request) => matchRoute(model, request)?.operation.name,

  read(model, operation, request) {
    const labels = matchRoute(model, request)?.labels ?? {};
    const input = readBindings(operation.input, request, labels);
    const payload = operation.input.payload;
    if (payload) {
      const [name, shape] = payload;
      const value = readPayload(shape, request);
      return value === undefined ? input : { ...input, [name]: value };
    }
    if (!hasBodyMembers(operation.input) || !(request.body instanceof Uint8Array)) return input;
    return { ...(decodeJson(operation.input, parseJson(request.body)) as object), ...input };
  },

  success(_model, operation, output, requestId) {
    const value = (output ?? {}) as Record<string, unknown>;
    const { headers, status } = writeBindings(operation.output, value);
    return {
      status: status ?? operation.http?.[2] ?? 200,
      headers: { "content-type": "application/json", ...headers, "x-amzn-requestid": requestId },
      body: bodyOf(operation, value),
    };
  },

  failure(_model, failure) {
    const { error, model, status, requestId } = failure;
    return {
      status,
      headers: {
        ...(model ? writeBindings(model.shape, { ...error.members }).headers : {}),
        "content-type": "application/json",
        "x-amzn-errortype": model?.name ?? error.code,
        "x-amzn-requestid": requestId,
      },
      body: JSON.stringify(errorBody(failure)),
    };
  },
};

function readPayload(shape: Shape, request: WireRequest): unknown {
  if (shape.traits.streaming || !(request.body instanceof Uint8Array)) return request.body;
  if (request.body.length === 0 && shape.kind !== "blob") return undefined;
  if (shape.kind === "blob") return request.body;
  if (shape.kind === "string") return Buffer.from(request.body).toString("utf8");
  return decodeJson(shape, parseJson(request.body));
}

function hasBodyMembers(shape: Shape): boolean {
  return [...shape.members.values()].some((member) => !isBound(member) && !member.traits.httpLabel);
}

function bodyOf(operation: OperationModel, value: Record<string, unknown>): WireResponse["body"] {
  const payload = operation.output.payload;
  if (payload) {
    const [name, shape] = payload;
    const item = value[name];
    if (shape.kind === "blob" || shape.kind === "string") return item as WireResponse["body"];
    return item === undefined ? "" : JSON.stringify(encodeJson(shape, item));
  }
  const unbound = Object.entries(value).filter(([name]) => {
    const member = operation.output.members.get(name);
    return member !== undefined && !isBound(member);
  });
  return JSON.stringify(encodeJson(operation.output, Object.fromEntries(unbound)));
}
