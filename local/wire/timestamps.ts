import type { TimestampFormat } from "./shape.ts";

/** Writes a date as the protocols do: ISO 8601 without empty milliseconds, RFC 7231, or seconds with a fraction. */
export function formatTimestamp(date: Date, format: TimestampFormat): string {
  if (format === "http-date") return date.toUTCString();
  if (format === "epoch-seconds") return String(date.getTime() / 1000);
  return date.toISOString().replace(".000Z", "Z");
}

/**
 * Reads a date in any of the formats; clients differ, and each format is recognisable.
 * Returns undefined for what is no date.
 */
export function parseTimestamp(value: unknown): Date | undefined {
  if (value instanceof Date) return value;
  if (typeof value !== "number" && typeof value !== "string") return undefined;
  const seconds = typeof value === "number" ? value : value.trim() === "" ? Number.NaN : Number(value);
  const date = new Date(Number.isNaN(seconds) ? String(value) : seconds * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
