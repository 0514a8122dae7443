import { readText, writeText } from "./http-text.ts";
import { decodeText, type WireRequest } from "./message.ts";
import type { Shape } from "./shape.ts";

type Value = Record<string, unknown>;

/** Reads every member of a REST request that travels outside the body. */
export function readBindings(input: Shape, request: WireRequest, labels: Readonly<Record<string, string>>): Value {
  const value: Value = {};
  for (const [name, member] of input.members) {
    const bound = readMember(name, member, request, labels);
    if (bound !== undefined) value[name] = bound;
  }
  return value;
}

function readMember(
  name: string,
  member: Shape,
  request: WireRequest,
  labels: Readonly<Record<string, string>>,
): unknown {
  const { httpLabel, httpHeader, httpQuery, httpPrefixHeaders, httpQueryParams } = member.traits;
  if (httpLabel) {
    const label = labels[name];
    return label === undefined ? undefined : readText(member, decodeText(label), name);
  }
  if (httpHeader) {
    const text = request.headers[httpHeader.toLowerCase()];
    return text === undefined ? undefined : readText(member, text, name);
  }
  if (httpQuery) return readQuery(name, member, request, httpQuery);
  if (httpPrefixHeaders !== undefined) return readPrefixed(request, httpPrefixHeaders.toLowerCase());
  if (httpQueryParams) return Object.fromEntries(request.query);
  return undefined;
}

function readQuery(name: string, member: Shape, request: WireRequest, parameter: string): unknown {
  const values = request.query.filter(([key]) => key === parameter).map(([, text]) => text);
  const [first] = values;
  if (first === undefined) return undefined;
  if (member.kind === "list") return values.map((text) => readText(member.element, text, name));
  return readText(member, first, name);
}

function readPrefixed(request: WireRequest, prefix: string): Record<string, string> | undefined {
  const entries = Object.entries(request.headers).filter(([header]) => header.startsWith(prefix));
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries.map(([header, text]) => [header.slice(prefix.length), text]));
}

/** Whether a member travels outside the body of a response. */
export function isBound(member: Shape): boolean {
  const { httpHeader, httpPrefixHeaders, httpResponseCode, httpPayload } = member.traits;
  return Boolean(httpHeader || httpPrefixHeaders !== undefined || httpResponseCode || httpPayload);
}

/** The headers of a response, and its status where a member carries it. */
export function writeBindings(output: Shape, value: Value): { headers: Record<string, string>; status?: number } {
  const headers: Record<string, string> = {};
  let status: number | undefined;
  for (const [name, member] of output.members) {
    const item = value[name];
    if (item === undefined || item === null) continue;
    const { httpHeader, httpPrefixHeaders, httpResponseCode } = member.traits;
    if (httpResponseCode) status = Number(item);
    else if (httpHeader) headers[httpHeader.toLowerCase()] = headerText(writeText(member, item, "header"));
    else if (httpPrefixHeaders !== undefined) {
      for (const [key, text] of Object.entries(item as Record<string, string>)) {
        headers[(httpPrefixHeaders + key).toLowerCase()] = headerText(text);
      }
    }
  }
  return status === undefined ? { headers } : { headers, status };
}

/** Header text as Node writes it: UTF-8 bytes, one character each. */
function headerText(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
