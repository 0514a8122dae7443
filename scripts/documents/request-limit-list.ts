import { cloudServices } from "./cloud-services.ts";
import { code, markdownTable } from "./document.ts";

/** How many requests an account may make, with where the figures are published. */
export function requestLimitsTable(): string {
  const rows = cloudServices()
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .flatMap(({ id, limits }) =>
      Object.entries(limits?.buckets ?? {}).map(([name, { capacity, refillPerSecond }]) => [
        code(`${id}:${name}`),
        String(capacity),
        String(refillPerSecond),
        code(limits?.refusal[0] ?? ""),
        limits?.source ?? "",
      ]),
    );
  return markdownTable(["Bucket", "Capacity", "Refill a second", "Refused with", "Source"], rows);
}
