import { decodeText, parsePairs, queryValue, type WireRequest } from "./message.ts";
import type { Protocol } from "./protocol.ts";
import { decodeQuery } from "./query.ts";
import { element, encodeXmlMembers, escapeXml, xmlDeclaration } from "./xml.ts";

/** awsQuery: a form in, `<XResponse><XResult>…` out. */
export const queryProtocol: Protocol = {
  operationName: (_model, request) => formValue(request, "Action"),

  read: (_model, operation, request) => decodeQuery(operation.input, formOf(request), "query"),

  success(model, operation, output, requestId) {
    const { name } = operation;
    const hasResult = operation.output.isStructured;
    const result = hasResult ? element(`${name}Result`, encodeXmlMembers(operation.output, output ?? {})) : "";
    const metadata = element("ResponseMetadata", element("RequestId", requestId));
    return {
      status: 200,
      headers: { "content-type": "text/xml", "x-amzn-requestid": requestId },
      body: element(`${name}Response`, result + metadata, ` xmlns="${model.xmlNamespace}"`),
    };
  },

  failure(model, { error, model: errorModel, status, requestId }) {
    const type = status >= 500 ? "Receiver" : "Sender";
    const members = errorModel ? encodeXmlMembers(errorModel.shape, withoutMessage(error.members)) : "";
    const content =
      element("Type", type) +
      element("Code", escapeXml(errorModel?.queryCode ?? error.code)) +
      element("Message", escapeXml(error.message)) +
      members;
    return {
      status,
      headers: { "content-type": "text/xml", "x-amzn-requestid": requestId },
      body: element(
        "ErrorResponse",
        element("Error", content) + element("RequestId", requestId),
        ` xmlns="${model.xmlNamespace}"`,
      ),
    };
  },
};

/** ec2Query: like awsQuery, with flat lists and an answer without a result element. */
export const ec2Protocol: Protocol = {
  operationName: (_model, request) => formValue(request, "Action"),

  read: (_model, operation, request) => decodeQuery(operation.input, formOf(request), "ec2"),

  success(model, operation, output, requestId) {
    // An operation without output answers <return>true</return>; EC2's API reference shows it for each of them.
    const members = operation.output.isStructured
      ? encodeXmlMembers(operation.output, output ?? {})
      : element("return", "true");
    return {
      status: 200,
      headers: { "content-type": "text/xml;charset=UTF-8", "x-amzn-requestid": requestId },
      body:
        xmlDeclaration +
        element(
          `${operation.name}Response`,
          element("requestId", requestId) + members,
          ` xmlns="${model.xmlNamespace}/"`,
        ),
    };
  },

  failure(_model, { error, status, requestId }) {
    const content = element("Code", escapeXml(error.code)) + element("Message", escapeXml(error.message));
    return {
      status,
      headers: { "content-type": "text/xml;charset=UTF-8", "x-amzn-requestid": requestId },
      body:
        xmlDeclaration +
        element("Response", element("Errors", element("Error", content)) + element("RequestID", requestId)),
    };
  },
};

function formOf(request: WireRequest): [string, string][] {
  const fromBody = request.body instanceof Uint8Array ? parsePairs(Buffer.from(request.body).toString("utf8")) : [];
  return [...request.query.map(([name, value]): [string, string] => [name, value]), ...fromBody];
}

function formValue(request: WireRequest, name: string): string | undefined {
  const inQuery = queryValue(request, name);
  if (inQuery !== undefined || !(request.body instanceof Uint8Array)) return inQuery;
  const match = new RegExp(`(?:^|&)${name}=([^&]*)`).exec(Buffer.from(request.body).toString("utf8"));
  return match?.[1] === undefined ? undefined : decodeText(match[1], true);
}

function withoutMessage(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([name]) => name.toLowerCase() !== "message"));
}
