import { serializationError } from "./json.ts";
import type { Shape, TimestampFormat } from "./shape.ts";
import { formatTimestamp, parseTimestamp } from "./timestamps.ts";

/** Where in an HTTP message a value stands decides how its dates are written. */
export type Place = "header" | "query" | "label";

const defaultFormats: Readonly<Record<Place, TimestampFormat>> = {
  header: "http-date",
  query: "date-time",
  label: "date-time",
};

/**
 * Reads the text of a header, a query parameter or a path label.
 * @throws {AwsError} SerializationException naming the member when the text is not of its type.
 */
export function readText(shape: Shape, text: string, member: string): unknown {
  switch (shape.kind) {
    case "number": {
      const number = Number(text);
      if (text.trim() === "" || Number.isNaN(number)) throw wrong(member, "a number", text);
      return number;
    }
    case "boolean":
      if (!/^(true|false)$/i.test(text)) throw wrong(member, "true or false", text);
      return text.toLowerCase() === "true";
    case "timestamp": {
      const date = parseTimestamp(text);
      if (!date) throw wrong(member, "a timestamp", text);
      return date;
    }
    case "list":
      return splitList(text, shape).map((item) => readText(shape.element, item, member));
    case "blob":
      return new Uint8Array(Buffer.from(text, "base64"));
    default:
      return text;
  }
}

/** Writes a value into a header. */
export function writeText(shape: Shape, value: unknown, place: Place): string {
  if (shape.kind === "timestamp") return formatTimestamp(value as Date, shape.timestampFormat ?? defaultFormats[place]);
  if (shape.kind === "list") return (value as unknown[]).map((item) => writeText(shape.element, item, place)).join(",");
  if (shape.kind === "blob" && value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return String(value);
}

/** Splits at commas outside quotes; an HTTP date has a comma of its own, so lists of dates split at every second one. */
function splitList(text: string, shape: Shape): string[] {
  if (shape.element.kind === "timestamp") return text.match(/[^,]+,[^,]+/g)?.map((item) => item.trim()) ?? [];
  const items = text.match(/"(?:[^"\\]|\\.)*"|[^,]+/g) ?? [];
  return items
    .map((item) =>
      item
        .trim()
        .replace(/^"(.*)"$/, "$1")
        .replaceAll('\\"', '"'),
    )
    .filter((item) => item !== "");
}

function wrong(member: string, expected: string, text: string): Error {
  return serializationError(`the value '${text}' of ${member} is not ${expected}`);
}
