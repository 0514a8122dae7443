import { XmlShapeDeserializer } from "@aws-sdk/core/protocols";
import { AwsError } from "../core/aws-error.ts";
import type { Shape } from "./shape.ts";
import { formatTimestamp } from "./timestamps.ts";

/** The declaration AWS puts before every XML answer. */
export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\r": "&#xD;",
  "\u0085": "&#x85;",
  "\u2028": "&#x2028;",
};

/** Escapes text; line ends that XML parsers would change become character references, as S3 writes them. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"\r\u0085\u2028]/g, (character) => escapes[character] ?? character);
}

/** `<name>content</name>`, with content already escaped. */
export function element(name: string, content: string, attributes = ""): string {
  return content === "" ? `<${name}${attributes}/>` : `<${name}${attributes}>${content}</${name}>`;
}

/**
 * The members of a structure as XML elements, without an element around them. Lists and maps take the names of their
 * items from the model; `skip` leaves members out that travel elsewhere.
 */
export function encodeXmlMembers(shape: Shape, value: unknown, skip?: (member: Shape) => boolean): string {
  let text = "";
  for (const [name, member] of shape.members) {
    const item = (value as Record<string, unknown>)[name];
    if (item === undefined || item === null || member.traits.xmlAttribute || skip?.(member)) continue;
    text += encodeXml(member.memberXmlName ?? name, member, item);
  }
  return text;
}

/** A value as the element (or, for flattened lists and maps, the elements) called `name`. */
export function encodeXml(name: string, shape: Shape, value: unknown): string {
  switch (shape.kind) {
    case "structure":
    case "union":
      return element(name, encodeXmlMembers(shape, value), attributes(shape, value));
    case "list":
      return encodeList(name, shape, value as unknown[]);
    case "map":
      return encodeMap(name, shape, value as Record<string, unknown>);
    default:
      return element(name, escapeXml(scalarText(shape, value)));
  }
}

function attributes(shape: Shape, value: unknown): string {
  const [prefix, uri] = shape.traits.xmlNamespace ?? [];
  let text = uri === undefined ? "" : ` xmlns${prefix ? `:${prefix}` : ""}="${escapeXml(uri)}"`;
  for (const [name, member] of shape.members) {
    const item = (value as Record<string, unknown>)[name];
    if (!member.traits.xmlAttribute || item === undefined) continue;
    text += ` ${member.memberXmlName ?? name}="${escapeXml(scalarText(member, item))}"`;
  }
  return text;
}

function encodeList(name: string, shape: Shape, items: unknown[]): string {
  const itemName = shape.traits.xmlFlattened ? name : (shape.element.memberXmlName ?? "member");
  const content = items.map((item) => encodeXml(itemName, shape.element, item)).join("");
  return shape.traits.xmlFlattened ? content : element(name, content);
}

function encodeMap(name: string, shape: Shape, map: Record<string, unknown>): string {
  const keyName = shape.key.memberXmlName ?? "key";
  const valueName = shape.element.memberXmlName ?? "value";
  const entryName = shape.traits.xmlFlattened ? name : "entry";
  const entries = Object.entries(map)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) =>
      element(entryName, element(keyName, escapeXml(key)) + encodeXml(valueName, shape.element, value)),
    )
    .join("");
  return shape.traits.xmlFlattened ? entries : element(name, entries);
}

function scalarText(shape: Shape, value: unknown): string {
  if (shape.kind === "timestamp") return formatTimestamp(value as Date, shape.timestampFormat ?? "date-time");
  if (shape.kind === "blob" && typeof value !== "string") return Buffer.from(value as Uint8Array).toString("base64");
  return String(value);
}

/**
 * Reads an XML body by shape.
 * @throws {AwsError} MalformedXML, S3's word for a body that is not the XML its operation expects.
 */
export function decodeXml(shape: Shape, bytes: Uint8Array): unknown {
  const deserializer = new XmlShapeDeserializer({
    timestampFormat: { useTrait: true, default: 5 },
    httpBindings: true,
    xmlNamespace: "",
    serviceNamespace: "",
  });
  try {
    return deserializer.read(shape.schema, bytes);
  } catch {
    throw new AwsError(
      "MalformedXML",
      "The XML you provided was not well-formed or did not validate against our published schema",
      400,
    );
  }
}
