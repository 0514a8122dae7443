import { isBound, readBindings, writeBindings } from "./bindings.ts";
import { decodeText, type WireRequest, type WireResponse } from "./message.ts";
import type { OperationModel, ServiceModel } from "./model.ts";
import type { Protocol } from "./protocol.ts";
import { matchRoute } from "./routes.ts";
import { s3Address } from "./s3-address.ts";
import type { Shape } from "./shape.ts";
import { decodeXml, element, encodeXmlMembers, escapeXml, xmlDeclaration } from "./xml.ts";

/** restXml as S3 speaks it: the bucket outside the path, 206 for a range, errors without a body on HEAD. */
export const restXmlProtocol: Protocol = {
  operationName: (model, request) => match(model, request)?.operation.name,

  read(model, operation, request) {
    const { bucket } = s3Address(request);
    const input = readBindings(operation.input, request, match(model, request)?.labels ?? {});
    if (bucket !== undefined && operation.input.members.has("Bucket")) input["Bucket"] = decodeText(bucket);
    const payload = operation.input.payload;
    if (!payload) return input;
    const [name, shape] = payload;
    const value = readPayload(shape, request);
    return value === undefined ? input : { ...input, [name]: value };
  },

  success(model, operation, output, requestId) {
    const value = (output ?? {}) as Record<string, unknown>;
    const { headers, status } = writeBindings(operation.output, value);
    const body = bodyOf(model, operation, value);
    // GetObject is modelled with 200; S3 answers 206 whenever it says which range it sends (RFC 9110, 15.3.7).
    const partial = headers["content-range"] === undefined ? undefined : 206;
    return {
      status: status ?? partial ?? operation.http?.[2] ?? 200,
      headers: {
        ...(typeof body === "string" && body !== "" ? { "content-type": "application/xml" } : {}),
        ...headers,
        ...s3RequestIds(requestId),
      },
      body,
    };
  },

  failure(_model, { error, model, status, requestId }, request) {
    const bodiless = request.method === "HEAD" || status === 304;
    const extra = Object.entries(error.members).map(([name, value]) => element(name, escapeXml(String(value))));
    const content =
      element("Code", escapeXml(model?.queryCode ?? error.code)) +
      element("Message", escapeXml(error.message)) +
      extra.join("") +
      element("Resource", escapeXml(decodeText(request.path))) +
      element("RequestId", s3RequestId(requestId)) +
      element("HostId", requestId);
    return {
      status,
      headers: { ...(bodiless ? {} : { "content-type": "application/xml" }), ...s3RequestIds(requestId) },
      body: bodiless ? undefined : xmlDeclaration + element("Error", content),
    };
  },
};

function match(model: ServiceModel, request: WireRequest) {
  const { bucket, path } = s3Address(request);
  return matchRoute(model, { ...request, path }, bucket);
}

function s3RequestIds(requestId: string): Record<string, string> {
  return { "x-amz-request-id": s3RequestId(requestId), "x-amz-id-2": requestId };
}

/** S3's request ids are 16 capital letters and digits. */
function s3RequestId(requestId: string): string {
  return requestId.replaceAll("-", "").slice(0, 16).toUpperCase();
}

function readPayload(shape: Shape, request: WireRequest): unknown {
  if (shape.traits.streaming || !(request.body instanceof Uint8Array)) return request.body;
  if (shape.kind === "blob") return request.body;
  if (request.body.length === 0) return undefined;
  if (shape.kind === "string") return Buffer.from(request.body).toString("utf8");
  return decodeXml(shape, request.body);
}

function bodyOf(model: ServiceModel, operation: OperationModel, value: Record<string, unknown>): WireResponse["body"] {
  const { output } = operation;
  const xmlns = ` xmlns="${model.xmlNamespace}"`;
  const payload = output.payload;
  if (payload) {
    const [name, shape] = payload;
    const item = value[name];
    if (shape.kind === "blob" || shape.kind === "string" || item === undefined) return item as WireResponse["body"];
    const root = shape.memberXmlName ?? shape.traits.xmlName ?? shape.name;
    return xmlDeclaration + element(root, encodeXmlMembers(shape, item), xmlns);
  }
  if (operation.name === "GetBucketLocation") {
    // S3's own exception (trait s3UnwrappedXmlOutput): the root element holds the text itself.
    return xmlDeclaration + element("LocationConstraint", escapeXml(String(value["LocationConstraint"] ?? "")), xmlns);
  }
  if (![...output.members.values()].some((member) => !isBound(member))) return undefined;
  return (
    xmlDeclaration + element(output.traits.xmlName ?? output.name, encodeXmlMembers(output, value, isBound), xmlns)
  );
}
