import type { Part, Release } from "../../shared/domain/release.ts";

/** One thing in which two releases differ. */
export interface Difference {
  /** Where to look for it: `artifact`, `layers`, `base`, `start`, `network`, `spec`. */
  part: string;
  key: string;
  /** Null: it has none. */
  from: string | null;
  to: string | null;
}

/**
 * What differs between two frozen releases of a service, in the order a person asks: the program, what is under it, where
 * it runs, how. The secret of the trial rule differs always and is never shown.
 */
export function compareReleases(from: Release, to: Release): Difference[] {
  const before = described(from);
  const after = described(to);
  return Object.keys(before).flatMap((part) => {
    const [a = {}, b = {}] = [before[part], after[part]];
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return keys
      .filter((key) => a[key] !== b[key])
      .map((key) => ({ part, key, from: a[key] ?? null, to: b[key] ?? null }));
  });
}

type Values = Record<string, string>;

function described({ version, artifact, layers, base, start, spec, network }: Release): Record<string, Values> {
  const { service: _service, ...wanted } = spec;
  return {
    artifact: { version, ...partValues(artifact) },
    layers: Object.fromEntries(layers.map((layer) => [layer.name, layer.sha256])),
    base: flattened(base),
    start: { command: start },
    network: flattened(network),
    spec: flattened(wanted),
  };
}

function partValues({ key, sha256, bytes }: Part): Values {
  return { key, sha256, bytes: String(bytes) };
}

/** Every value below an object by its path; lists as one value, since their order means something. */
function flattened(value: object, prefix = ""): Values {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]): [string, string][] => {
      const path = prefix + key;
      if (member === undefined) return [];
      if (Array.isArray(member)) return [[path, listText(member)]];
      if (typeof member === "object" && member !== null) return Object.entries(flattened(member, `${path}.`));
      return [[path, String(member)]];
    }),
  );
}

function listText(list: readonly unknown[]): string {
  return list.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join(", ");
}
